from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date, html2plaintext, is_html_empty

# Colleagues see a meeting in the calendar; what was said in it, only those who see projects.
GROUPS = 'project.group_project_user'
# What decides whether a gate is met.
GATE_FIELDS = frozenset({
    'active', 'implementation_id', 'implementation_meeting', 'is_held', 'start',
})


class CalendarEvent(models.Model):
    """ A meeting of an implementation is a stock meeting with agenda and minutes (P1, P5, P7). """

    _inherit = 'calendar.event'

    implementation_id = fields.Many2one(
        comodel_name='project.project',
        string="Implementation",
        domain=[('implementation_kind', '!=', False), ('is_template', '=', False)],
        index='btree_not_null',
        ondelete='restrict',
        groups=GROUPS,
    )
    implementation_meeting = fields.Selection(
        selection=[
            ('scope', "Scope Meeting"),
            ('training', "Training"),
            ('follow_up', "Follow-up Meeting"),
            ('recurring', "Recurring Meeting"),
            ('knowledge', "Knowledge Transfer"),
            ('update', "Update Meeting"),
        ],
        string="Kind of Meeting",
        groups=GROUPS,
    )
    is_held = fields.Boolean(
        string="Held", copy=False, tracking=True, groups=GROUPS,
        help="The meeting took place. Sending the minutes says so, too.",
    )
    agenda = fields.Html(copy=False, groups=GROUPS, help="Read by the client in the portal.")
    minutes = fields.Html(
        copy=False, groups=GROUPS,
        help="Read by everybody who is invited, once they are sent. Internal notes have their own "
             "page.",
    )
    minutes_sent_on = fields.Datetime(
        string="Minutes Sent on", readonly=True, copy=False, groups=GROUPS,
    )
    action_item_ids = fields.One2many(
        comodel_name='implementation.action.item', inverse_name='meeting_id',
        string="Action Items", groups=GROUPS,
    )
    training_check_ids = fields.One2many(
        comodel_name='implementation.training.check', inverse_name='meeting_id',
        string="Checks against the Success Plan", groups=GROUPS,
    )
    recording_url = fields.Char(string="Recording", copy=False, groups=GROUPS)
    material_url = fields.Char(string="Materials", copy=False, groups=GROUPS)
    # stock says that they are internal, and lets portal users who are invited read them
    notes = fields.Html(groups='base.group_user')
    implementation_slot = fields.Date(
        string="Planned for", readonly=True, copy=False, groups=GROUPS,
        help="The day of the two-week rhythm for which the meeting was made. It stays when the "
             "meeting is moved.",
    )
    is_invited = fields.Boolean(
        readonly=True, copy=False, groups=GROUPS,
        help="The attendees of a planned recurring meeting are invited two weeks before it.",
    )

    _implementation_slot_uniq = models.UniqueIndex(
        '(implementation_id, implementation_slot) WHERE implementation_slot IS NOT NULL',
        "There is a recurring meeting for this day already.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('implementation_id', 'implementation_meeting')
    def _check_implementation_meeting(self):
        for meeting in self.sudo():
            if bool(meeting.implementation_id) != bool(meeting.implementation_meeting):
                raise ValidationError(self.env._(
                    "What kind of meeting of which implementation is %(meeting)s? Choose both, or "
                    "none.",
                    meeting=meeting.name,
                ))
            implementation = meeting.implementation_id
            if implementation and (
                not implementation.implementation_kind or implementation.is_template
            ):
                raise ValidationError(self.env._(
                    "%(project)s is no implementation.", project=implementation.name,
                ))
            if meeting.training_check_ids and meeting.implementation_meeting != 'training':
                raise ValidationError(self.env._(
                    "%(meeting)s is checked against the success plan: it stays a training.",
                    meeting=meeting.name,
                ))

    @api.constrains('is_held', 'start', 'implementation_id', 'active')
    def _check_is_held(self):
        now = fields.Datetime.now()
        for meeting in self.sudo():
            if not meeting.is_held:
                if meeting.minutes_sent_on:
                    raise ValidationError(self.env._(
                        "The minutes of %(meeting)s were sent: it was held.", meeting=meeting.name,
                    ))
                continue
            if not meeting.implementation_id:
                raise ValidationError(self.env._(
                    "%(meeting)s was held for an implementation: it stays with it.",
                    meeting=meeting.name,
                ))
            if meeting.start > now:
                raise ValidationError(self.env._(
                    "%(meeting)s is in the future: it cannot have been held yet.",
                    meeting=meeting.name,
                ))
            if not meeting.active:
                raise ValidationError(self.env._(
                    "%(meeting)s was held: it stays on record.", meeting=meeting.name,
                ))

    @api.constrains('recording_url', 'material_url')
    def _check_urls(self):
        for meeting in self.sudo():
            for url in (meeting.recording_url, meeting.material_url):
                if url and not url.lower().startswith(('https://', 'http://')):
                    raise ValidationError(self.env._(
                        "“%(url)s” is no address of a page: it begins with https://.", url=url,
                    ))

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """ Invite the supervisor and the coordinator to a new meeting of an implementation. """
        values = super().default_get(fields)
        project_id = self.env.context.get('default_implementation_id')
        if project_id and 'partner_ids' in fields and self.env.user.has_group(GROUPS):
            project = self.env['project.project'].browse(project_id).exists()
            # who asks sees the implementation: otherwise the names would leak
            if project and project.has_access('read'):
                values['partner_ids'] = [Command.set(
                    (self.env.user.partner_id | project.user_id.partner_id
                     | project.coordinator_id).ids,
                )]
        return values

    @api.model_create_multi
    def create(self, vals_list):
        self._check_meeting_values(vals_list)
        meetings = super().create(vals_list)
        meetings._implementation_changed()
        # sudo: calendar.event - the kind is read by those who see implementations
        meetings.sudo().filtered(
            lambda meeting: meeting.implementation_meeting == 'training',
        )._fill_training_checks()
        return meetings

    def write(self, vals):
        self._check_meeting_values([vals])
        if GATE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        # sudo: calendar.event - a colleague moves a meeting without seeing what it is for
        meetings = self.sudo()
        if 'implementation_id' in vals:
            meetings._check_implementation_stays(vals['implementation_id'])
        before = meetings.implementation_id
        result = super().write(vals)
        before._touch_implementation()
        self._implementation_changed()
        return result

    def unlink(self):
        # sudo: see write
        before = self.sudo().implementation_id
        result = super().unlink()
        before._touch_implementation()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        held = self.sudo().filtered('is_held')[:1]
        if held:
            raise UserError(self.env._(
                "%(meeting)s was held: it stays on record.", meeting=held.name,
            ))

    # === ACTION METHODS === #

    def action_mark_held(self):
        """ Say that the meetings took place.

        :raise ValidationError: if one is in the future
        """
        self.write({'is_held': True})

    def action_fill_agenda(self):
        """ Add to the agenda what is owed and is not in it yet, in the language of the client. """
        for meeting in self:
            project = meeting.implementation_id.sudo()
            project = project.with_context(lang=project._get_client_lang())
            known = html2plaintext(meeting.agenda or '')
            points = [
                line for line in map(project._format_agenda_point, project._get_agenda_dues())
                if line not in known
            ]
            if points:
                meeting.agenda = (meeting.agenda or Markup()) + Markup("<ul>%s</ul>") % (
                    Markup().join(Markup("<li>%s</li>") % point for point in points)
                )

    def action_fill_training_checks(self):
        """ Add the lines of the success plan that are not among the checks yet. """
        self._fill_training_checks()

    def action_send_minutes(self):
        """ Send the minutes to everybody who was invited, and make tasks of the action items.

        They may be sent again after a correction; an action item becomes a task once.

        :raise UserError: if there are no minutes, or the meeting is in the future
        """
        for meeting in self:
            meeting._check_minutes()
            # the row of the meeting first: of two who send at once the later one runs again
            # sudo: calendar.event - when minutes were sent is noted here alone
            meeting.sudo().write({
                'is_held': True, 'minutes_sent_on': fields.Datetime.now(),
            })
            meeting.action_item_ids._create_tasks()
            meeting._send_minutes()

    # === BUSINESS METHODS === #

    @api.model
    def _check_meeting_values(self, vals_list):
        """ Complete and check values of meetings before they are written.

        :raise UserError: if a user writes what only the product writes
        """
        for vals in vals_list:
            if not self.env.su and vals.keys() & {
                'minutes_sent_on', 'implementation_slot', 'is_invited',
            }:
                raise UserError(self.env._(
                    "That minutes were sent and for which day a meeting was planned is noted by "
                    "the system, not by hand.",
                ))

    def _check_implementation_stays(self, project_id):
        """ Refuse to take a meeting to another implementation with what was agreed in it.

        :param int project_id: id of the project.project to which it is to belong, if any
        :raise ValidationError: if there are action items or checks, or if it was held
        """
        for meeting in self:
            if meeting.implementation_id and meeting.implementation_id.id != project_id and (
                meeting.is_held or meeting.action_item_ids or meeting.training_check_ids
            ):
                raise ValidationError(self.env._(
                    "What was agreed in %(meeting)s belongs to its implementation: it cannot "
                    "become a meeting of another one.",
                    meeting=meeting.name,
                ))

    def _implementation_changed(self):
        """ Have the later of two changes at once run again, and refuse meetings of strangers.

        :raise AccessError: if the user does not see the implementation
        """
        # sudo: calendar.event - the field is hidden from those who see no implementation
        projects = self.sudo().implementation_id
        if projects and not self.env.su and self.env.user.has_group(GROUPS):
            projects.sudo(False).check_access('read')
        projects._touch_implementation()

    def _fill_training_checks(self):
        """ Add to each training the lines of the success plan that it does not check yet. """
        # sudo: implementation.training.check - who plans a meeting need not see the plan
        trainings = self.sudo().filtered('implementation_id')
        lines = trainings.implementation_id._prepare_training_checks()
        vals_list = []
        for training in trainings:
            known = set(training.training_check_ids.mapped('name'))
            for vals in lines[training.implementation_id]:
                if vals['name'] not in known:
                    known.add(vals['name'])
                    vals_list.append({**vals, 'meeting_id': training.id})
        trainings.env['implementation.training.check'].create(vals_list)

    def _check_minutes(self):
        """ Refuse to send minutes that say nothing or come too early.

        :raise UserError: with what to do
        """
        self.ensure_one()
        if not self.implementation_id:
            raise UserError(self.env._(
                "%(meeting)s belongs to no implementation.", meeting=self.name,
            ))
        if self.start > fields.Datetime.now():
            raise UserError(self.env._(
                "%(meeting)s is in the future: its minutes are sent when it was held.",
                meeting=self.name,
            ))
        if is_html_empty(self.minutes):
            raise UserError(self.env._(
                "Please write the minutes of %(meeting)s before you send them.", meeting=self.name,
            ))
        if not self.attendee_ids.filtered('email'):
            raise UserError(self.env._(
                "Nobody with an e-mail address is invited to %(meeting)s: add those who attended.",
                meeting=self.name,
            ))

    def _send_minutes(self):
        """ Send the minutes to each attendee, in the attendee's language. """
        self.ensure_one()
        # sudo: mail.template - whoever holds the meeting sends its minutes
        template = self.env.ref('onboarding_protocol.mail_template_minutes').sudo()
        attendees = self.attendee_ids.filtered('email')
        template.with_company(self.implementation_id.company_id).send_mail_batch(
            attendees.ids, email_layout_xmlid='helpdesk_sla.mail_layout_customer',
        )
        self.message_post(body=self.env._(
            "Minutes sent to %(names)s.", names=', '.join(attendees.partner_id.mapped('name')),
        ))

    def _get_minutes_items(self):
        """ Return the action items as the minutes show them, in the language of the context.

        :return: dicts of `what`, `who` and `due`
        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            {
                'what': item.name,
                'who': item.partner_id.name or '',
                'due': format_date(self.env, item.date_deadline) if item.date_deadline else '',
            }
            for item in self.action_item_ids
        ]

    def _get_implementation_url(self):
        """ Return the address of the page My Implementation, for the mails to the client. """
        self.ensure_one()
        return (
            f'{self.implementation_id.get_base_url()}/my/implementation/{self.implementation_id.id}'
        )
