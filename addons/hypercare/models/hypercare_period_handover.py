from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.helpdesk_sla.models.helpdesk_sla_matrix_mixin import PRIORITIES
from odoo.addons.helpdesk_sla.tools.caches import clear_cache

REPORT = 'hypercare.action_report_handover'
# what decides who supports a client after a window
PLAN_FIELDS = {
    'company_id', 'partner_id', 'plan_team_id', 'plan_user_id', 'state', 'team_id',
}


class HypercarePeriod(models.Model):
    """ The hand-over to the support plan: who supports from now on, and on what terms (G7).

    Closing moves the client's open tickets to the team of the plan, has the agreement begin, and
    keeps the hand-over document. Reopening the window takes nothing of that back.
    """

    _inherit = 'hypercare.period'

    plan_team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Support Team", check_company=True,
        index='btree_not_null', ondelete='restrict', tracking=True, copy=False,
        help="Gets the client's open tickets at the closing, and new ones for which nobody chooses "
             "a team. Empty: the team stays.",
    )
    plan_user_id = fields.Many2one(
        comodel_name='res.users', string="Supported by",
        domain="[('share', '=', False)]",
        index='btree_not_null', tracking=True, copy=False,
        help="Gets the client's open tickets at the closing, and is preferred for new ones when "
             "the team assigns in turn and the person is a member.",
    )
    plan_agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', string="Support Agreement",
        domain="[('commercial_partner_id', '=', partner_id)]",
        check_company=True, index='btree_not_null', ondelete='restrict', tracking=True, copy=False,
        help="Begins with the closing if it is signed and would begin later.",
    )
    plan_note = fields.Text(
        string="Agreed besides", copy=False, help="Read by the client in the hand-over document.",
    )
    handover_attachment_id = fields.Many2one(
        comodel_name='ir.attachment', string="Hand-over Document", readonly=True, copy=False,
        ondelete='restrict', index='btree_not_null',
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('plan_agreement_id', 'partner_id')
    def _check_plan_agreement_id(self):
        for period in self:
            agreement = period.plan_agreement_id
            if agreement and agreement.commercial_partner_id != period.partner_id:
                raise ValidationError(self.env._(
                    "%(agreement)s is an agreement with another client than %(client)s.",
                    agreement=agreement.display_name, client=period.partner_id.name,
                ))

    @api.constrains('plan_team_id')
    def _check_plan_team_id(self):
        for period in self:
            # sudo: helpdesk.team - whether tickets can be put into it
            if period.plan_team_id and not period.plan_team_id.sudo()._get_first_stage():
                raise ValidationError(self.env._(
                    "The team %(team)s has no stages: it cannot take tickets.",
                    team=period.plan_team_id.name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if not PLAN_FIELDS.isdisjoint(vals):
            clear_cache(self.env)  # who supports a client is known by the client
        return result

    # === ACTION METHODS === #

    def action_preview_handover(self):
        """ Open the hand-over document as it would be now. """
        self.ensure_one()
        self.check_access('read')
        return self.env.ref(REPORT).report_action(self)

    # === LIFE === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'handover_attachment_id'}

    def _after_close(self):
        result = super()._after_close()
        self._switch_to_plan()
        self._keep_handover()
        return result

    def _switch_to_plan(self):
        """ Give the client to the team, the person and the agreement of the support plan. """
        self.ensure_one()
        # sudo: helpdesk.sla.agreement - it begins with the closing, whoever closes
        self.plan_agreement_id.sudo()._begin_on(self._get_today())
        moved = self._move_tickets_to_plan()
        if moved:
            self.message_post(body=self.env._(
                "Open tickets that go on with %(team)s: %(count)s.",
                count=len(moved), team=(self.plan_team_id or self.team_id).name,
            ))

    def _move_tickets_to_plan(self):
        """ Move the client's open tickets of the window's team to the team of the plan.

        Each goes to the stage of the same type, so that whose turn it is does not change.

        :return: the tickets that were moved or got another assignee, as superuser
        :rtype: helpdesk.ticket
        """
        self.ensure_one()
        # sudo: helpdesk.ticket, helpdesk.team - whoever closes the window may not see all of them
        tickets = self.env['helpdesk.ticket'].sudo()
        team, user = self.sudo().plan_team_id, self.plan_user_id.filtered('active')
        if not team and not user:
            return tickets
        found = tickets.search([
            ('commercial_partner_id', '=', self.partner_id.id),
            ('team_id', 'in', (self.team_id | team).ids),
            ('is_closed', '=', False),
        ])
        moved = tickets
        if team:
            elsewhere = found.filtered(lambda ticket: ticket.team_id != team)
            by_stage = elsewhere.grouped(lambda ticket: ticket._get_plan_stage(team))
            for stage, group in by_stage.items():
                group.write({'team_id': team.id, 'stage_id': stage.id})
                moved |= group
        if user:
            handed = found.filtered(lambda ticket: ticket.user_id != user)
            handed.user_id = user
            moved |= handed
        return moved

    def _keep_handover(self):
        """ Keep the hand-over document as it is now, and put it into the history. """
        self.ensure_one()
        # the document is rendered from what is stored
        self.env.flush_all()
        # sudo: ir.actions.report - what is handed over does not depend on who closes
        pdf, _type = self.env['ir.actions.report'].sudo()._render_qweb_pdf(REPORT, self.ids)
        name = f'{self._get_report_base_filename()}.pdf'
        # sudo: ir.attachment - of the window; the portal hands it out after its own check
        self.sudo().handover_attachment_id = self.env['ir.attachment'].sudo().create({
            'name': name,
            'raw': pdf,
            'mimetype': 'application/pdf',
            'res_model': self._name,
            'res_id': self.id,
        })
        self.message_post(
            body=self.env._("The hand-over document, as the client gets it."),
            attachment_ids=self.handover_attachment_id.ids,
            subtype_xmlid='mail.mt_note',
        )

    # === DOCUMENT === #

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._("Hand-over %(client)s", client=self.partner_id.name)

    def _get_handover_lang(self):
        """ Return the code of the language in which the client reads. """
        self.ensure_one()
        return self.coordinator_id.lang or self.partner_id.lang or self.env.lang

    def _get_handover_values(self):
        """ Return what the document says, in the language of the environment.

        Addons add what they know of the plan (`super()`), see `_get_handover_terms`.

        :rtype: dict
        """
        self.ensure_one()
        # sudo: hypercare.review, helpdesk.ticket, helpdesk.team - read by whoever the document is
        # for; the caller checked the window
        period = self.sudo()
        totals = period._get_review_totals()[period]
        review = period.review_id
        return {
            'period': period,
            'totals': totals,
            'facts': period._get_review_facts(totals),
            'tickets': period._get_review_open_tickets(),
            'review': review,
            'items': {
                verdict: (label, items)
                for verdict, label, items in review._get_items_by_verdict()
            } if review else {},
            'team': period.plan_team_id or period.team_id,
            'responsible': period.plan_user_id or period.user_id,
            'agreement': period.plan_agreement_id,
            'hours': period._get_handover_hours(),
            'channels': period._get_handover_channels(),
            'times': period._get_handover_times(),
            'terms': period._get_handover_terms(),
            'contacts': period._get_handover_contacts(),
        }

    def _get_handover_hours(self):
        """ Return the working hours of the plan as people read them: pairs of days and hours. """
        self.ensure_one()
        agreement = self.plan_agreement_id
        if not agreement:
            team = self.plan_team_id or self.team_id
            # never stored: the agreement knows how hours are read
            agreement = self.env['helpdesk.sla.agreement'].new({
                'resource_calendar_id': (
                    team.resource_calendar_id or self.company_id.resource_calendar_id
                ).id,
            })
        return agreement._get_working_hours() if agreement.resource_calendar_id else []

    def _get_handover_channels(self):
        """ Return by which ways requests come in. """
        self.ensure_one()
        return ', '.join(self.plan_agreement_id.channel_ids.mapped('name'))

    def _get_handover_times(self):
        """ Return what the plan promises: priority, first response and solution in hours, or 0.

        :rtype: list[tuple[str, float, float]]
        """
        self.ensure_one()
        labels = dict(
            self.env['helpdesk.ticket']._fields['priority']._description_selection(self.env),
        )
        if self.plan_agreement_id:
            return [
                (labels[line.priority], line.response_time, line.resolution_time)
                for line in self.plan_agreement_id.line_ids
                if line.response_time or line.resolution_time
            ]
        rows = []
        for priority in PRIORITIES:
            # never stored: a ticket as it would come in after the window
            ticket = self.env['helpdesk.ticket'].new({
                'team_id': (self.plan_team_id or self.team_id).id,
                'company_id': self.company_id.id,
                'partner_id': self.coordinator_id.id or self.partner_id.id,
                'commercial_partner_id': self.partner_id.id,
                'open_date': fields.Datetime.now(),
                'priority': priority,
                'hypercare_id': False,
            })
            times = {
                rule.values['target']: rule.values['time'] for rule in ticket._select_sla_rules()
            }
            if times.get('first_response') or times.get('resolution'):
                rows.append((
                    labels[priority], times.get('first_response', 0), times.get('resolution', 0),
                ))
        return rows

    def _get_handover_terms(self):
        """ Return what else applies from now on, pairs of a label and a text.

        Addons add what they know, e.g. the support plan that was sold.

        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        terms = []
        agreement = self.plan_agreement_id
        if agreement:
            terms.append((self.env._("Agreement"), agreement.name))
            terms.append((self.env._("Valid"), agreement._format_period()))
        if self.plan_note:
            terms.append((self.env._("Agreed besides"), self.plan_note))
        return terms

    def _get_handover_contacts(self):
        """ Return who talks to whom: the role, the res.partner, and whether it is one of ours.

        :rtype: list[tuple[str, res.partner, bool]]
        """
        self.ensure_one()
        responsible = (self.plan_user_id or self.user_id).partner_id
        rows = [(self.env._("Responsible"), responsible, True)] if responsible else []
        if self.user_id.partner_id - responsible:
            rows.append((self.env._("Supervisor in hypercare"), self.user_id.partner_id, True))
        if self.coordinator_id:
            rows.append((self.env._("Coordinator"), self.coordinator_id, False))
        key_users = self.env['res.partner'].search([
            ('commercial_partner_id', '=', self.partner_id.id),
            ('helpdesk_key_department_ids', '!=', False),
            ('id', '!=', self.coordinator_id.id),
        ])
        rows += [(self.env._("Key user"), person, False) for person in key_users]
        return rows

    def _describe_handover_window(self):
        """ Return from when to when the client was in hypercare, as the document says it. """
        self.ensure_one()
        if not self.golive_date:
            return ''
        golive = format_date(self.env, self.golive_date)
        if self.closed_datetime:
            return self.env._(
                "Live since %(golive)s; hypercare lasted until %(end)s.",
                golive=golive, end=self._format_handover_day(self.closed_datetime),
            )
        return self.env._(
            "Live since %(golive)s; hypercare lasts until %(end)s.",
            golive=golive, end=format_date(self.env, self.date_end),
        )

    def _format_handover_day(self, moment):
        """ Return the day of a moment as the client reads it. """
        self.ensure_one()
        return format_date(self.env, self._get_day(moment)) if moment else ''

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        return {
            **super()._get_portal_page_values(partner),
            'has_handover': bool(self._get_portal_handover()),
        }

    def _get_portal_handover(self):
        """ Return the document of a window that is closed; while it goes on it is ours.

        :return: as superuser
        :rtype: ir.attachment
        """
        self.ensure_one()
        # sudo: hypercare.period, ir.attachment - the caller checked the window
        period = self.sudo()
        return period.handover_attachment_id if period.state == 'closed' else (
            self.env['ir.attachment'].sudo()
        )

    # === WHO SUPPORTS A CLIENT === #

    @api.model
    def _get_plan(self, company, client):
        """ Return who supports a client since its last hand-over. Costs no query.

        :param company: the res.company
        :param client: the commercial entity
        :return: the team and the person, each may be empty, as superuser
        :rtype: tuple[helpdesk.team, res.users]
        """
        team_id, user_id = self._get_cached_plans(company.id).get(client.id, (False, False))
        # sudo: helpdesk.team, res.users - who gets a ticket does not depend on who opens it
        return (
            self.env['helpdesk.team'].sudo().browse(team_id),
            self.env['res.users'].sudo().browse(user_id),
        )

    @tools.ormcache('company_id')
    def _get_cached_plans(self, company_id):
        """ Return the ids of team and person by the id of the client, see `_get_plan`. """
        # sudo: hypercare.period - as above; archiving a window takes the client from nobody
        periods = self.sudo().with_context(active_test=False).search(
            [
                ('company_id', '=', company_id), ('state', '=', 'closed'),
                '|', ('plan_team_id', '!=', False), ('plan_user_id', '!=', False),
            ],
            order='closed_datetime, id',
        )
        return {
            period.partner_id.id: (
                (period.plan_team_id or period.team_id).id, period.plan_user_id.id,
            )
            for period in periods
        }
