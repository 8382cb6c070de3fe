from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import plaintext2html

# what the client says about a line
ANSWER_FIELDS = {'is_done', 'is_exception', 'remark'}
# what the protocol alone writes
ENGINE_FIELDS = {'is_refused'}
# a tick holds for what it was given to
SUBJECT_FIELDS = {'name', 'quantity'}
NO_ANSWER = {'is_done': False, 'is_exception': False}


class GoliveProtocolLine(models.Model):
    """ One thing that the client looks at before signing: a basic function, or what the plan says.

    The subject of a line is changed in drafts only. The answer is the client's; from a copy signed
    on paper our people carry it over.
    """

    _name = 'golive.protocol.line'
    _inherit = ['implementation.item.mixin']
    _description = "Line of a Go-live Protocol"
    _order = 'protocol_id, sequence, id'

    protocol_id = fields.Many2one(
        comodel_name='golive.protocol', required=True, index=True, ondelete='cascade',
    )
    project_id = fields.Many2one(related='protocol_id.project_id', store=True, precompute=True)
    state = fields.Selection(related='protocol_id.state')
    sequence = fields.Integer(default=10)
    source = fields.Selection(
        selection=[
            ('checklist', "Basic Functions"), ('plan', "Success Plan"), ('manual', "Also"),
        ],
        default='manual', required=True,
    )
    name = fields.Char(required=True)
    quantity = fields.Float(help="How many of it the plan says; empty if it is not counted.")
    task_ids = fields.Many2many(
        comodel_name='project.task',
        relation='golive_protocol_line_task_rel',
        string="Tasks",
        domain="[('project_id', '=', project_id)]",
        help="Opened again when the client refuses the line. Without one, the supervisor gets a "
             "new task.",
    )

    # what the client says
    is_done = fields.Boolean(string="Works")
    is_exception = fields.Boolean(
        string="Accepted Exception",
        help="Does not work yet, and the client starts nevertheless. The remark says with what.",
    )
    remark = fields.Char()
    is_refused = fields.Boolean(string="Refused", readonly=True)

    _one_answer = models.Constraint(
        'CHECK (NOT (is_done AND is_exception))', "A line works, or it is an accepted exception.",
    )
    _quantity_positive = models.Constraint(
        'CHECK (quantity >= 0)', "There cannot be less than none of it.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('is_exception', 'remark')
    def _check_exception(self):
        for line in self:
            if line.is_exception and not (line.remark or '').strip():
                raise ValidationError(self.env._(
                    "“%(line)s”: write in the remark what is accepted as it is.", line=line.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                # the form sends every field of a new row
                given = {name for name, value in vals.items() if value}
                if given & (ANSWER_FIELDS | ENGINE_FIELDS):
                    raise AccessError(self.env._("The client ticks the lines, not we."))
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        names = vals.keys()
        self.protocol_id._check_not_final()
        if names & ENGINE_FIELDS and not self.env.su:
            raise AccessError(self.env._("Only the client refuses a line, in the portal."))
        if names & ANSWER_FIELDS and not self.env.su:
            self._check_on_paper()
        if names - ANSWER_FIELDS - ENGINE_FIELDS:
            self._check_draft()
            if 'protocol_id' in vals:
                self.env['golive.protocol'].browse(vals['protocol_id'])._check_draft()
        if names & SUBJECT_FIELDS and not names & ANSWER_FIELDS:
            vals = {**vals, **NO_ANSWER}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shown(self):
        self._check_draft()

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ANSWER_FIELDS | ENGINE_FIELDS

    def _check_draft(self):
        self.protocol_id._check_draft()

    def _check_on_paper(self):
        """ Refuse to answer for the client, unless there is a signed copy to carry over.

        :raise UserError: if a protocol is in another state
        """
        for protocol in self.protocol_id:
            if protocol.state != 'scan':
                raise UserError(self.env._(
                    "The client ticks the lines of %(protocol)s, not we. Only from a copy that "
                    "was signed on paper you carry the ticks over.",
                    protocol=protocol.display_name,
                ))

    def _is_answered(self):
        self.ensure_one()
        return self.is_done or self.is_exception

    def _get_subject(self):
        """ Return what the line is about, as one text. """
        self.ensure_one()
        if not self.quantity:
            return self.name
        return f'{self.name} × {self.quantity:g}'

    def _prepare_draft_values(self):
        """ Return the line of the next draft; what was not refused keeps its answer. """
        self.ensure_one()
        return {
            'sequence': self.sequence,
            'source': self.source,
            'name': self.name,
            'quantity': self.quantity,
            'remark': self.remark,
            'task_ids': self.task_ids.ids,
            **(NO_ANSWER if self.is_refused else {
                'is_done': self.is_done, 'is_exception': self.is_exception,
            }),
        }

    def _reopen_tasks(self, reason):
        """ Give our people something to do about lines of the new draft that the client refused.

        :param str reason: what the client wrote
        """
        for line in self:
            tasks = line.task_ids
            closed = tasks.filtered('is_closed')
            closed.state = '01_in_progress'
            for task in closed:
                task.message_post(body=self.env._(
                    "Opened again: the client refused “%(line)s” in the protocol: %(reason)s",
                    line=line._get_subject(), reason=reason,
                ))
            if not tasks:
                line.task_ids = self.env['project.task'].create(line._prepare_task_values(reason))

    def _prepare_task_values(self, reason):
        self.ensure_one()
        return {
            'name': self.env._("Refused in the protocol: %(line)s", line=self._get_subject()),
            'description': plaintext2html(reason),
            'project_id': self.project_id.id,
            'phase_id': self.project_id.phase_id.id,
            'user_ids': self.project_id.user_id.ids,
        }
