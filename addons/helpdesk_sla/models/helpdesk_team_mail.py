from markupsafe import Markup

from odoo import models


class HelpdeskTeamMail(models.AbstractModel):
    """ What reaches a team's address and is no request: kept where the team can read it. """

    _name = 'helpdesk.team.mail'
    _description = "E-mail of a Team"
    _inherit = ['mail.thread']

    def _log_machine_mail(self, kind, msg_dict):
        """ Note an e-mail that opened no ticket, whole, with its files; nobody is told.

        :param str kind: see `mail_headers.get_machine_kind`
        :param dict msg_dict: the parsed e-mail
        """
        self.ensure_one()
        reason = {
            'reply': self.env._("An automatic answer"),
            'report': self.env._("A delivery report or a read receipt"),
            'calendar': self.env._("An answer to an appointment"),
            'list': self.env._("An e-mail of a mailing list"),
        }[kind]
        body = Markup("<p><b>%s</b><br/>%s</p>%s") % (
            self.env._("%s: no ticket was opened.", reason),
            self.env._(
                "From %(sender)s: %(subject)s", sender=msg_dict.get('email_from') or '',
                subject=msg_dict.get('subject') or self.env._("(no subject)"),
            ),
            # sanitized when it is stored, as the body of any e-mail
            Markup(msg_dict.get('body') or ''),
        )
        self.with_context(mail_post_autofollow=False).message_post(
            body=body,
            subject=msg_dict.get('subject'),
            message_type='out_of_office',
            subtype_xmlid='mail.mt_note',
            author_id=msg_dict.get('author_id') or False,
            email_from=msg_dict.get('email_from'),
            attachments=[tuple(file) for file in msg_dict.get('attachments') or ()],
            message_id=msg_dict.get('message_id'),
        )
