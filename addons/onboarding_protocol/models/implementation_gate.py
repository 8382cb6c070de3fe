from odoo import api, fields, models


class ImplementationGate(models.Model):
    """ What must be true before an implementation enters a phase.

    The kinds are rules of the product: `project.project._gate_<kind>` says what is missing.
    """

    _name = 'implementation.gate'
    _description = "Gate of an Implementation Phase"
    _order = 'phase_id, sequence, id'
    _rec_name = 'kind'

    phase_id = fields.Many2one(
        comodel_name='implementation.phase', required=True, index=True, ondelete='cascade',
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        selection=[
            ('tasks_done', "Tasks of the phases before are done"),
            ('scope_meeting', "Scope meeting was held"),
            ('plan_signed', "Success plan is signed by the client"),
            ('data_accepted', "All data needed for the start are accepted"),
            ('tests_passed', "Tests are passed"),
            ('training_held', "Training was held and checked against the success plan"),
            ('protocol_signed', "Go-live protocol is signed"),
            ('follow_up_held', "Follow-up meeting was held"),
            ('agreement_running', "SLA agreement is running"),
            ('steps_agreed', "Steps of the transition are agreed by both sides"),
            ('knowledge_transferred', "Knowledge transfer meetings were held"),
            ('documents_validated', "Documentation is validated by the client"),
            ('risks_owned', "Every risk has an owner and a mitigation"),
        ],
        required=True,
    )
    is_mandatory = fields.Boolean(
        string="Without Exception",
        help="Not even a manager passes this gate before it is met.",
    )

    _kind_uniq = models.UniqueIndex('(phase_id, kind)', "A phase asks for each thing once.")

    # === COMPUTE METHODS === #

    @api.depends('kind')
    @api.depends_context('lang')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for gate in self:
            gate.display_name = kinds.get(gate.kind, '')
