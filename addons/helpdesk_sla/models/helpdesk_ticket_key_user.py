from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .helpdesk_ticket_portal import DESCRIPTION_SIZE


class HelpdeskTicketKeyUser(models.AbstractModel):
    """ Whose ticket it is at the client, and the key user who may answer it first (W6, C7). """

    _name = 'helpdesk.ticket.key.user'
    _description = "Ticket at the Client: department and key users"

    portal_client_id = fields.Many2one(
        comodel_name='res.partner',
        string="Client when Received",
        compute='_compute_portal_client_id',
        store=True,
        precompute=True,
        index='btree_not_null',
        export_string_translation=False,
        help="Technical: whose company-wide readers see the ticket. Unlike the client, it stays "
             "when the customer changes the employer.",
    )
    department_id = fields.Many2one(
        comodel_name='helpdesk.department',
        string="Client Department",
        compute='_compute_department_id',
        store=True,
        precompute=True,
        readonly=False,
        index='btree_not_null',
        domain="[('partner_id', '=', commercial_partner_id)]",
    )
    key_user_state = fields.Selection(
        selection=[
            ('waiting', "With the key user"),
            ('answered', "Answered by the key user"),
            ('passed_on', "Passed on"),
        ],
        string="Key User",
        readonly=True,
        copy=False,
    )

    # === COMPUTE METHODS === #

    # not of the customer's company: who changes the employer takes no tickets along
    @api.depends('partner_id')
    def _compute_portal_client_id(self):
        for ticket in self:
            ticket.portal_client_id = ticket.partner_id.commercial_partner_id

    @api.depends('partner_id')
    def _compute_department_id(self):
        for ticket in self:
            # sudo: res.partner - a customer's ticket belongs to the customer's department as well
            ticket.department_id = ticket.partner_id.sudo().helpdesk_department_id

    # === BUSINESS METHODS === #

    @api.model
    def _get_open_domain(self):
        """ Return the domain of the open tickets that are ours: not of those with a key user. """
        return Domain('is_closed', '=', False) & Domain('key_user_state', '!=', 'waiting')

    def _begin_key_user_turns(self):
        """ Hand new tickets to the key users of their departments, where these answer first.

        Their clocks stand still until the ticket is passed on.
        """
        # sudo: helpdesk.department, helpdesk.sla.pause - the settings decide, whoever asks
        tickets = self.sudo().filtered(
            lambda ticket: ticket.department_id
            and not ticket.is_closed
            and ticket.department_id._takes_first(ticket.partner_id, ticket.priority),
        )
        if not tickets:
            return
        tickets.with_context(tracking_disable=True).key_user_state = 'waiting'
        self.env['helpdesk.sla.pause'].sudo().create([
            {
                'ticket_id': ticket.id,
                'kind': 'key_user',
                'is_manual': True,
                'date_from': ticket.open_date,
                'reason': ticket.department_id.name,
                'user_id': self.env.uid,
            }
            for ticket in tickets
        ])

    def _tell_key_users(self):
        """ Let the key users follow the tickets that wait for them, and tell them by mail. """
        for ticket in self.sudo().filtered(lambda ticket: ticket.key_user_state == 'waiting'):
            people = ticket.department_id.key_user_ids.filtered('active')
            ticket.message_subscribe(people.ids)
            for lang, readers in people.grouped('lang').items():
                env = self.with_context(lang=lang).env
                ticket.with_context(lang=lang).message_notify(
                    partner_ids=readers.ids,
                    subject=env._("A colleague asks: %(subject)s", subject=ticket.name),
                    body=env._(
                        "%(person)s asks you as the key user of %(department)s. Answer the "
                        "request in the portal, or pass it on to us there with one click.",
                        person=ticket.partner_id.name, department=ticket.department_id.name,
                    ),
                    model=ticket._name,
                    res_id=ticket.id,
                    email_layout_xmlid='mail.mail_notification_layout',
                )

    def _get_key_user_sentences(self):
        """ Tell the customer who looks at the ticket first. """
        self.ensure_one()
        ticket = self.sudo()
        if ticket.key_user_state != 'waiting':
            return super()._get_key_user_sentences()
        return [self.env._(
            "%(people)s, the key user of %(department)s, looks at it first and passes it on to us "
            "if needed.",
            people=', '.join(ticket.department_id.key_user_ids.filtered('active').mapped('name')),
            department=ticket.department_id.name,
        )]

    @api.model
    def _get_key_user_domain(self):
        """ Return the domain of the tickets that wait for the current user as a key user. """
        return Domain('key_user_state', '=', 'waiting') & Domain(
            'department_id', 'in', self.env.user.partner_id.helpdesk_key_department_ids.ids,
        )

    def _may_act_as_key_user(self):
        """ Return whether the ticket waits for the current user as a key user. """
        self.ensure_one()
        # sudo: helpdesk.ticket - asked of a ticket that the user sees
        ticket = self.sudo()
        return (
            ticket.key_user_state == 'waiting'
            and self.env.user.partner_id in ticket.department_id.key_user_ids
        )

    def _may_pass_on(self):
        """ Return whether the current user may hand the ticket to the company. """
        self.ensure_one()
        # sudo: helpdesk.ticket - as above
        ticket = self.sudo()
        return self._may_act_as_key_user() or (
            ticket.key_user_state == 'waiting' and ticket.partner_id == self.env.user.partner_id
        )

    def _portal_answer_as_key_user(self, body):
        """ Answer the ticket as its key user in the portal.

        :raise UserError: if the current user is not its key user
        """
        if not self._may_act_as_key_user():
            raise UserError(self.env._("This request does not wait for you any more."))
        self._answer_as_key_user(body)

    def _portal_pass_on(self, comment=''):
        """ Hand the ticket to the company from the portal.

        :raise UserError: if that is not for the current user to decide
        """
        if not self._may_pass_on():
            raise UserError(self.env._("This request does not wait for you any more."))
        self._pass_on(comment)

    def _end_key_user_turn(self):
        """ Let the tickets that are with a key user be ours; the clocks run from now on.

        :return: these tickets
        """
        # sudo: helpdesk.ticket - kept by the system; the callers check whose turn it is
        tickets = self.sudo().filtered(
            lambda ticket: ticket.key_user_state == 'waiting'
            or (ticket.key_user_state == 'answered' and not ticket.is_closed),
        )
        if tickets:
            tickets._end_manual_pauses(fields.Datetime.now(), kinds=['key_user'])
            tickets.key_user_state = 'passed_on'
            tickets._sla_sync()
        return tickets

    def _settle_at_client(self):
        """ Note that the client itself has settled what waits for a key user: nothing is owed. """
        # sudo: helpdesk.ticket - kept by the system; the callers check whose turn it is
        settled = self.sudo().filtered(lambda ticket: ticket.key_user_state == 'waiting')
        if settled:
            settled.key_user_state = 'answered'
            settled._sla_sync()

    def _is_sla_applicable(self):
        # settled between colleagues; the pause goes on, in case that it is not
        return self.key_user_state != 'answered' and super()._is_sla_applicable()

    def _answer_as_key_user(self, body):
        """ Answer and close the ticket on behalf of a key user.

        :param str body: plain text
        :raise UserError: if it does not wait for a key user, or the answer is empty
        """
        self.ensure_one()
        if self.key_user_state != 'waiting':
            raise UserError(self.env._("This request has been passed on already."))
        if not body.strip():
            raise UserError(self.env._("Write your answer first."))
        # sudo: helpdesk.ticket - the caller has checked that the person is its key user
        ticket = self.sudo()
        ticket.message_post(
            body=body[:DESCRIPTION_SIZE],
            message_type='comment', subtype_xmlid='mail.mt_comment',
            author_id=self.env.user.partner_id.id,
        )
        ticket._settle_at_client()
        ticket._close('solved')

    def _pass_on(self, comment=''):
        """ Hand the ticket to the company, on behalf of a key user or of whoever asked.

        :param str comment: what the key user adds, plain text
        :raise UserError: if it does not wait for a key user
        """
        self.ensure_one()
        if self.key_user_state != 'waiting':
            raise UserError(self.env._("This request has been passed on already."))
        # sudo: helpdesk.ticket - the caller has checked that the person may pass it on
        ticket = self.sudo()
        if comment:
            ticket.message_post(
                body=comment[:DESCRIPTION_SIZE],
                message_type='comment', subtype_xmlid='mail.mt_comment',
                author_id=self.env.user.partner_id.id,
            )
        ticket._end_key_user_turn()
        ticket._log_notes(
            {ticket: self.env._("Passed on by %(person)s.", person=self.env.user.name)},
        )
        ticket._send_acknowledgement()

    def action_take_over(self):
        """ Take tickets from the key users; the clocks run from now on. """
        self.check_access('write')
        taken = self._end_key_user_turn().with_env(self.env)
        taken._log_notes(dict.fromkeys(taken, self.env._("Taken over from the key user.")))

    def _send_acknowledgement(self):
        """ Tell the customer by when there will be an answer. """
        self.ensure_one()
        template = self.stage_id.template_id
        if template and self._may_send_automatic_mail():
            self.message_post_with_source(
                template, **self._get_automatic_mail_values(),
            )
