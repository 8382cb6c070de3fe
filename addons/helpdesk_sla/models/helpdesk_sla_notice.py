import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class HelpdeskSlaNotice(models.Model):
    """ What a person still has to be told of an escalation.

    Written in the transaction that fires a level, and deleted in the one that sends the digest: a
    job that is killed in between neither loses a notice nor sends it twice, and a run of many
    batches still sends one message a person.
    """

    _name = 'helpdesk.sla.notice'
    _description = "SLA Notice"
    _order = 'id'
    _rec_name = 'status_id'

    user_id = fields.Many2one(
        comodel_name='res.users', required=True, index=True, ondelete='cascade',
    )
    status_id = fields.Many2one(
        comodel_name='helpdesk.sla.status', required=True, index=True, ondelete='cascade',
    )
    percentage = fields.Integer(aggregator=None)
    priority = fields.Char(help="Technical: the priority to which the ticket was raised.")
    team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        ondelete='cascade',
        index='btree_not_null',
        help="Technical: the team to which the ticket was handed over.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _send_digests(self):
        """ Send each person one message with everything that is to be told. """
        by_user = self.search([]).try_lock_for_update().grouped('user_id')
        for user, notices in by_user.items():
            try:
                with self.env.cr.savepoint():
                    notices._send_digest(user)
                    notices.unlink()
            except OperationalError:
                raise
            except Exception:
                # one that cannot be told must not keep the others from it
                _logger.exception("User %s could not be told of escalations", user.id)
                self.env.invalidate_all(flush=False)
            if not self.env['ir.cron']._commit_progress():
                # out of time: the next run goes on
                self.env['helpdesk.sla.escalation']._wake_at(
                    fields.Datetime.now() + timedelta(minutes=1),
                )
                break

    def _send_digest(self, user):
        """ Send a person what these notices say, as the person prefers to be notified.

        :param user: a single res.users
        """
        # in the reader's language and zone; only what still matters
        notices = self.with_context(
            lang=user.lang,
            tz=user.tz or user.company_id.resource_calendar_id.tz or 'UTC',
            allowed_company_ids=user.company_id.ids,
            mail_notify_force_send=False,
        ).filtered(lambda notice: notice.status_id.result not in ('reached', 'cancelled'))
        if not notices or not user.active:
            return
        groups = notices._prepare_digest_groups()
        env = notices.env
        env['mail.thread'].message_notify(
            # OdooBot; the company's address, since nobody reads what is sent to OdooBot's
            author_id=env.ref('base.partner_root').id,
            email_from=user.company_id.email_formatted or user.email_formatted,
            partner_ids=user.partner_id.ids,
            subject=notices._get_digest_subject(groups),
            body=env['ir.qweb']._render('helpdesk_sla.sla_digest', {
                'groups': groups,
                'user': user,
                'is_one': len(notices.status_id.ticket_id) == 1,
            }),
            email_layout_xmlid='helpdesk_sla.mail_layout_customer',
            email_add_signature=False,
            force_email_company=user.company_id,
            force_email_lang=user.lang,
            mail_headers={
                'Auto-Submitted': 'auto-generated',
                'X-Auto-Response-Suppress': 'OOF, AutoReply',
            },
        )

    def _prepare_digest_groups(self):
        """ Return what the digest lists: what is too late, then what approaches, first due first.

        :return: dicts with `is_late`, `title`, `count` (of deadlines) and `cards`, one a ticket;
            empty groups are left out
        :rtype: list[dict]
        """
        latest = {notice.status_id: notice for notice in self.sorted('percentage')}
        notices = self.browse().union(*latest.values()).sorted(
            lambda notice: (notice.status_id.deadline or notice.status_id.start_date, notice.id),
        )
        late = notices.filtered(lambda notice: notice._is_late())
        return [
            {
                'is_late': is_late,
                'title': title,
                'count': len(of_group),
                'cards': [
                    of_ticket._prepare_digest_card()
                    for of_ticket in of_group.grouped(
                        lambda notice: notice.status_id.ticket_id,
                    ).values()
                ],
            }
            for is_late, title, of_group in (
                (True, self.env._("Deadline passed"), late),
                (False, self.env._("Deadline approaching"), notices - late),
            )
            if of_group
        ]

    def _is_late(self):
        """ Return whether the deadline has passed; a level can fire long after it was due. """
        deadline = self.status_id.deadline
        return bool(deadline and deadline <= fields.Datetime.now())

    def _prepare_digest_card(self):
        """ Return what the digest says of one ticket.

        :rtype: dict
        """
        ticket = self.status_id.ticket_id
        priorities = dict(ticket._fields['priority']._description_selection(self.env))
        raised_to = max(filter(None, self.mapped('priority')), default=None)
        done = []
        if raised_to:
            done.append(self.env._(
                "Priority raised to %(priority)s", priority=priorities[raised_to],
            ))
        if self.team_id:
            done.append(self.env._("Handed over to %(team)s", team=self.team_id[-1:].name))
        return {
            'ticket': ticket,
            'url': f'{ticket.get_base_url()}/mail/view?model=helpdesk.ticket&res_id={ticket.id}',
            'client': (ticket.commercial_partner_id or ticket.partner_id).name
            or ticket.partner_name or ticket.partner_email or '',
            'assignee': ticket.user_id.name or self.env._("Unassigned"),
            'done': done,
            'lines': [
                {
                    'policy': notice.status_id.name,
                    'percentage': notice.percentage,
                    'deadline': notice.status_id.deadline
                    and notice._format_moment(notice.status_id.deadline),
                    'is_overdue': notice._is_late(),
                    'next': notice._get_next_step(),
                }
                for notice in self
            ],
        }

    def _get_next_step(self):
        """ Return what happens next when nothing is done, and when. """
        status = self.status_id
        level = status._get_next_level()
        if status.result or not status.escalation_date or not level:
            return ''
        return self.env._(
            "%(moment)s (%(percentage)s %%): %(effects)s",
            moment=self._format_moment(status.escalation_date),
            percentage=level.percentage,
            effects=level.summary,
        )

    def _format_moment(self, moment):
        return self.status_id.ticket_id._format_customer_datetime(
            moment, tz=self.env.context['tz'], short=True,
        )

    def _get_digest_subject(self, groups):
        """ Return the subject: the ticket when there is one, else how many there are. """
        counts = {group['is_late']: group['count'] for group in groups}
        late, approaching = counts.get(True, 0), counts.get(False, 0)
        if late + approaching == 1:
            ticket = groups[0]['cards'][0]['ticket'].display_name
            return (
                self.env._("SLA deadline passed: %(ticket)s", ticket=ticket) if late
                else self.env._("SLA deadline approaching: %(ticket)s", ticket=ticket)
            )
        if not approaching:
            return self.env._("SLA: %(late)s deadlines passed", late=late)
        if not late:
            return self.env._("SLA: %(approaching)s deadlines approaching", approaching=approaching)
        return self.env._(
            "SLA: %(late)s passed, %(approaching)s approaching",
            late=late, approaching=approaching,
        )
