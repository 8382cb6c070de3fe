import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

# What only the portal and the buttons write: nobody accepts by RPC or by import.
ENGINE_FIELDS = {
    'state', 'return_reason', 'provided_on', 'provided_by_id', 'accepted_on', 'accepted_by_id',
    'reminded_on',
}
# What the client was asked for: not changed once the client has provided it.
ASKED_FIELDS = {'project_id', 'kind', 'name', 'description'}
# What the client fills in.
ANSWER_FIELDS = {'file_ids', 'location', 'client_note'}
CLIENT_STATES = ('todo', 'returned')
REMINDER_DAYS = 3
LOCATION_SIZE = 500
NOTE_SIZE = 5_000


class ImplementationDataRequest(models.Model):
    """ A file, a form or access that the client has to provide (P3).

    The client fills it in in the portal, the supervisor accepts it or returns it with a reason.
    Configuration begins when all that are needed for the start are accepted. Of credentials only
    the place is asked for where they are kept: a secret is never stored here.
    """

    _name = 'implementation.data.request'
    _description = "Data Request"
    _inherit = ['implementation.item.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'project_id, is_needed desc, date_due, sequence, id'

    sequence = fields.Integer(default=10)
    name = fields.Char(string="Data", required=True)
    kind = fields.Selection(
        selection=[('file', "File"), ('form', "Form"), ('credentials', "Credentials")],
        default='file',
        required=True,
        help="Credentials: the client writes where they are kept, never what they are.",
    )
    description = fields.Text(
        string="What Is Needed", help="Read by the client: which data, in which form, for what.",
    )
    is_needed = fields.Boolean(
        string="Needed for Start", default=True,
        help="Configuration begins only when it is accepted (P3).",
    )
    due_days = fields.Integer(
        string="Days to Provide", default=7,
        help="On templates: the implementation is to have it so many days after it began.",
    )
    date_due = fields.Date(
        string="Due on", compute='_compute_date_due', store=True, readonly=False, copy=False,
        tracking=True,
    )
    state = fields.Selection(
        selection=[
            ('todo', "To Provide"),
            ('provided', "Provided"),
            ('returned', "Returned"),
            ('accepted', "Accepted"),
        ],
        default='todo',
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    is_overdue = fields.Boolean(compute='_compute_is_overdue')
    return_reason = fields.Text(string="Returned because", readonly=True, copy=False)
    provided_on = fields.Datetime(readonly=True, copy=False)
    provided_by_id = fields.Many2one(
        comodel_name='res.partner', string="Provided by", readonly=True, copy=False,
        ondelete='set null',
    )
    accepted_on = fields.Datetime(readonly=True, copy=False)
    accepted_by_id = fields.Many2one(
        comodel_name='res.users', string="Accepted by", readonly=True, copy=False,
        ondelete='set null',
    )
    reminded_on = fields.Date(
        string="Reminded on", readonly=True, copy=False,
        help="The last day on which the coordinator got a mail that lists it.",
    )
    question_ids = fields.One2many(
        comodel_name='implementation.data.question', inverse_name='request_id',
        string="Questions", copy=True,
    )
    file_ids = fields.Many2many(
        comodel_name='ir.attachment',
        relation='implementation_data_request_file_rel',
        column1='request_id',
        column2='attachment_id',
        string="Files of the Client",
        copy=False,
        bypass_search_access=True,
    )
    location = fields.Char(
        string="Where It Is Kept", copy=False,
        help="Where the credentials are, e.g. our shared vault, entry Shoper. Never write a "
             "password here.",
    )
    client_note = fields.Text(string="Remark of the Client", copy=False)

    # === COMPUTE METHODS === #

    @api.depends('project_id.is_template', 'due_days')
    def _compute_date_due(self):
        for request in self:
            project = request.project_id
            if request.date_due or not project or project.is_template or not request.due_days:
                request.date_due = request.date_due
                continue
            began = (project.create_date or fields.Datetime.now()).date()
            request.date_due = began + timedelta(days=request.due_days)

    @api.depends('date_due', 'state')
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for request in self:
            request.is_overdue = bool(
                request.state in CLIENT_STATES and request.date_due and request.date_due < today,
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('file_ids')
    def _check_file_ids(self):
        # a file of another record would be read by the client
        for request in self:
            # sudo: ir.attachment - where it belongs, nothing more
            for attachment in request.sudo().file_ids:
                if (attachment.res_model, attachment.res_id) != (request._name, request.id):
                    raise ValidationError(self.env._(
                        "%(file)s belongs elsewhere: upload it to the request itself.",
                        file=attachment.name,
                    ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_engine_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_values(vals)
        if vals.keys() & ASKED_FIELDS:
            self._check_not_answered()
        if vals.keys() & ANSWER_FIELDS:
            self._check_not_accepted()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        self._check_not_answered()

    # === ACTION METHODS === #

    def action_accept(self):
        """ Accept what the client has provided.

        :raise UserError: if one was not provided
        """
        self.check_access('write')
        for request in self:
            if request.state != 'provided':
                raise UserError(self.env._(
                    "%(data)s was not provided yet: nothing can be accepted.", data=request.name,
                ))
        # sudo: implementation.data.request - the state is written by the buttons alone
        self.sudo().write({
            'state': 'accepted',
            'accepted_on': fields.Datetime.now(),
            'accepted_by_id': self.env.uid,
            'return_reason': False,
        })
        self._forget_check()

    def action_return(self):
        """ Ask for the reason why the data goes back to the client. """
        self.ensure_one()
        self._check_returnable()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Return the Data"),
            'res_model': 'implementation.data.return.wizard',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {'default_request_id': self.id},
        }

    def action_provided_elsewhere(self):
        """ Note that the client has provided it by another way, e.g. by mail.

        :raise UserError: if it was provided already
        """
        self.check_access('write')
        for request in self:
            if request.state not in CLIENT_STATES:
                raise UserError(self.env._("%(data)s is provided already.", data=request.name))
        # sudo: implementation.data.request - the state is written by the buttons alone
        self.sudo().write({
            'state': 'provided',
            'provided_on': fields.Datetime.now(),
            'provided_by_id': False,
        })

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ENGINE_FIELDS

    def _check_engine_values(self, vals):
        """ Refuse to write what only the portal and the buttons write.

        :raise AccessError: if a user does
        """
        if vals.keys() & ENGINE_FIELDS and not self.env.su:
            raise AccessError(self.env._(
                "Data are provided by the client in the portal, and accepted or returned with the "
                "buttons. Their state is not written by hand.",
            ))

    def _check_not_answered(self):
        for request in self:
            if request.state in ('provided', 'accepted'):
                raise UserError(self.env._(
                    "The client has provided %(data)s: what was asked for stays as it is. Return "
                    "it first, or ask for more with a new request.",
                    data=request.name,
                ))

    def _check_not_accepted(self):
        for request in self:
            if request.state == 'accepted':
                raise UserError(self.env._(
                    "%(data)s is accepted: it stays as it is. Return it to the client to have it "
                    "changed.",
                    data=request.name,
                ))

    def _check_returnable(self):
        self.check_access('write')
        for request in self:
            if request.state not in ('provided', 'accepted'):
                raise UserError(self.env._(
                    "%(data)s was not provided yet: there is nothing to return.",
                    data=request.name,
                ))

    def _return(self, reason):
        """ Give the data back to the client, who is told by mail.

        :param str reason: what is to be mended, read by the client
        :raise UserError: without a reason, or if there is nothing to return
        """
        self.ensure_one()
        self._check_returnable()
        if not (reason or '').strip():
            raise UserError(self.env._("Say what is to be mended: the client reads it."))
        # sudo: implementation.data.request - the state is written by the buttons alone
        self.sudo().write({
            'state': 'returned',
            'return_reason': reason.strip(),
            'accepted_on': False,
            'accepted_by_id': False,
        })
        self._forget_check()
        template = self.env.ref(
            'onboarding_protocol.mail_template_data_returned', raise_if_not_found=False,
        )
        # sudo: mail.template - consultants send it, and do not change it
        if template and self.sudo().coordinator_id.email:
            template.sudo().send_mail(
                self.id, email_layout_xmlid='helpdesk_sla.mail_layout_customer',
            )

    def _ask_to_check(self):
        """ Tell the supervisor that the client has provided it. """
        for request in self:
            supervisor = request.supervisor_id
            if supervisor:
                request.activity_schedule(
                    'mail.mail_activity_data_todo',
                    summary=request.env._("Check what the client has provided"),
                    user_id=supervisor.id,
                )

    def _forget_check(self):
        # sudo: mail.activity - whoever accepts settles what the supervisor was asked
        self.sudo().activity_feedback(['mail.mail_activity_data_todo'])

    def _get_portal_url(self):
        """ Return the path of the page where the client fills it in. """
        self.ensure_one()
        return f'/my/implementation/{self.project_id.id}/data/{self.id}'

    def _get_portal_link(self):
        """ Return the address of that page, for mails. """
        self.ensure_one()
        return self.get_base_url() + self._get_portal_url()

    # === FILLING IN === #

    def _get_typed(self):
        """ Return what the client has typed so far, as it was typed.

        :return: by name of the input
        :rtype: dict[str, str]
        """
        self.ensure_one()
        return {
            'client_note': self.client_note or '',
            'location': self.location or '',
            **{question._get_input_name(): question.draft or '' for question in self.question_ids},
        }

    def _save_draft(self, typed, files):
        """ Keep what the client typed, as it was typed, and the files that are taken.

        :param dict typed: text by name of the input; what is not in it is left as it is
        :param list files: pairs of a name and the content, as bytes
        :return: one sentence for each thing that was not taken, by name of the input
        :rtype: dict[str, str]
        """
        self.ensure_one()
        errors, values = {}, {}
        if self.kind == 'credentials':
            sizes = {'location': LOCATION_SIZE}
        else:
            sizes = {'client_note': NOTE_SIZE}
        for name, size in sizes.items():
            if name not in typed:
                continue
            text = typed[name].strip()
            if len(text) > size:
                errors[name] = self.env._(
                    "Too long: at most %(size)s characters, please. It was not saved.", size=size,
                )
            else:
                values[name] = text
        for question in self.question_ids:
            name = question._get_input_name()
            if name in typed:
                error = question._save_draft(typed[name])
                if error:
                    errors[name] = error
        if files and self.kind == 'file':
            refusal = self.env['helpdesk.ticket']._get_upload_refusal(files)
            if refusal:
                errors['files'] = refusal
            else:
                values['file_ids'] = [
                    fields.Command.link(attachment.id) for attachment in self._attach_files(files)
                ]
        self.write(values)
        return errors

    def _attach_files(self, files):
        # sudo: ir.attachment - clients own none; the caller has checked who fills in
        return self.env['ir.attachment'].sudo().create([
            {'name': name, 'raw': content, 'res_model': self._name, 'res_id': self.id}
            for name, content in files
        ])

    def _get_unfinished(self):
        """ Return what is missing or cannot be read, one sentence each, by name of the input.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        if self.kind == 'file' and not self.file_ids:
            return {'files': self.env._("Choose at least one file, please.")}
        if self.kind == 'credentials' and not (self.location or '').strip():
            return {'location': self.env._("Write where they are kept, please.")}
        if self.kind == 'form':
            return {
                question._get_input_name(): error
                for question in self.question_ids if (error := question._get_answer_error())
            }
        return {}

    def _provide(self, partner):
        """ Hand in what was filled in; the caller has asked `_get_unfinished`.

        :param partner: the res.partner who does
        """
        self.ensure_one()
        self.question_ids._take_drafts()
        self.write({
            'state': 'provided',
            'provided_on': fields.Datetime.now(),
            'provided_by_id': partner.id,
        })
        self._ask_to_check()

    def _describe_sent(self):
        """ Return when and by whom the data were sent, as the client reads it. """
        self.ensure_one()
        if not self.provided_on:
            return ''
        day = format_date(self.env, fields.Datetime.context_timestamp(self, self.provided_on))
        if not self.provided_by_id:
            return self.env._("Sent on %(day)s.", day=day)
        return self.env._(
            "Sent on %(day)s by %(person)s.", day=day, person=self.provided_by_id.name,
        )

    # === CRON METHODS === #

    @api.model
    def _get_reminder_days(self):
        """ Return how many days before it is due the coordinator is reminded first. """
        # sudo: ir.config_parameter - read by the job
        value = self.env['ir.config_parameter'].sudo().get_param(
            'onboarding_protocol.data_reminder_days', '',
        )
        return int(value) if value.isdigit() else REMINDER_DAYS

    @api.model
    def _get_reminder_domain(self, day):
        """ Return the domain of what a client owes and what is overdue or due soon on a day. """
        return (
            Domain('state', 'in', CLIENT_STATES)
            & Domain('date_due', '<=', day + timedelta(days=self._get_reminder_days()))
            & Domain('project_id.active', '=', True)
            & Domain('project_id.is_template', '=', False)
            & Domain('project_id.coordinator_id.email', '!=', False)
        )

    @api.model
    def _cron_data_reminders(self):
        """ Remind coordinators of data that is overdue or due soon: one mail a person and day.

        The mail lists everything that the person owes, of all implementations. A second run on the
        same day reminds nobody twice; a mail that fails does not hold up the others.
        """
        today = fields.Date.context_today(self)
        owed = self._read_group(
            # the day of the coordinator may be the next one already
            self._get_reminder_domain(today + timedelta(days=1)),
            ['project_id.coordinator_id'], ['id:recordset'],
        )
        # whoever was reminded of anything, of what was provided since too
        reminded = dict(self._read_group(
            [('reminded_on', '>=', today - timedelta(days=1))],
            ['project_id.coordinator_id'], ['reminded_on:max'],
        ))
        self.env['ir.cron']._commit_progress(remaining=len(owed))
        for coordinator, requests in owed:
            zone = coordinator.tz or self.env.tz.zone
            day = fields.Date.context_today(self.with_context(tz=zone))
            last = day + timedelta(days=self._get_reminder_days())
            due = requests.filtered(lambda request: request.date_due <= last)
            if due and (reminded.get(coordinator) or day - timedelta(days=1)) < day:
                due._send_reminder(coordinator, day)
            if not self.env['ir.cron']._commit_progress(1):
                break

    def _send_reminder(self, coordinator, day):
        """ Send one mail that lists the requests to a coordinator.

        :param coordinator: the res.partner
        :param date day: today, where the coordinator is
        """
        template = self.env.ref(
            'onboarding_protocol.mail_template_data_reminder', raise_if_not_found=False,
        )
        # one that somebody is working on is listed tomorrow
        due = self.try_lock_for_update(allow_referencing=True)
        if not template or not due:
            return
        try:
            with self.env.cr.savepoint():
                template.with_context(
                    data_requests=due.sorted('date_due'), data_reminder_day=day,
                ).send_mail(
                    coordinator.id,
                    email_values={'email_from': due[:1]._get_reminder_sender()},
                    email_layout_xmlid='helpdesk_sla.mail_layout_customer',
                )
                due.reminded_on = day
        except UserError as error:
            _logger.warning("Reminder of data to partner %s: %s", coordinator.id, error)

    def _get_reminder_sender(self):
        self.ensure_one()
        return (
            self.supervisor_id.email_formatted or self.company_id.email_formatted
            or self.env.user.email_formatted
        )
