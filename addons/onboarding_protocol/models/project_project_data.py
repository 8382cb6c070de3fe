from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.dues import CLIENT, US, Due

# What the client has to do comes first.
PORTAL_ORDER = ('returned', 'todo', 'provided', 'accepted')


class ProjectProject(models.Model):
    """ What the client has to provide before configuration begins (P3). """

    _inherit = 'project.project'

    data_request_ids = fields.One2many(
        comodel_name='implementation.data.request', inverse_name='project_id',
        string="Data Requests", copy=True,
    )
    data_summary = fields.Char(
        string="Data", compute='_compute_data_summary',
        help="How many of the data that are needed for the start are accepted.",
    )

    # === COMPUTE METHODS === #

    @api.depends('data_request_ids.state', 'data_request_ids.is_needed')
    def _compute_data_summary(self):
        for project in self:
            needed = project.data_request_ids.filtered('is_needed')
            accepted = needed.filtered(lambda request: request.state == 'accepted')
            project.data_summary = f'{len(accepted)} / {len(needed)}' if needed else False

    # === ACTION METHODS === #

    def action_view_data_requests(self):
        """ Show what the client is asked for. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'onboarding_protocol.implementation_data_request_action',
        )
        action['domain'] = [('project_id', '=', self.id)]
        action['context'] = {'default_project_id': self.id}
        return action

    # === BUSINESS METHODS === #

    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'data_request_ids'}

    # === GATES === #

    def _gate_data_accepted(self, _phase):
        """ All data that are needed for the start are accepted (P3). """
        return self._get_data_dues([('is_needed', '=', True)])

    def _get_data_dues(self, domain):
        """ Return the data that are not accepted yet, and who has to do something about each.

        :param domain: which of the requests
        :rtype: dict[project.project, list[Due]]
        """
        result = defaultdict(list)
        for request in self.env['implementation.data.request'].search([
            ('project_id', 'in', self.ids), ('state', '!=', 'accepted'), *domain,
        ]):
            result[request.project_id].append(request.project_id._get_data_due(request))
        return result

    @api.model
    def _get_data_due(self, request):
        if request.state == 'provided':
            return Due(
                self.env._("Data “%(data)s”, to be checked", data=request.name),
                US,
                owner=request.supervisor_id.name or '',
            )
        text = (
            self.env._("Data “%(data)s”, to be mended", data=request.name)
            if request.state == 'returned'
            else self.env._("Data “%(data)s”", data=request.name)
        )
        return Due(
            text, CLIENT,
            owner=request.coordinator_id.name or '',
            date=request.date_due,
            url=request._get_portal_url(),
        )

    def _get_dues(self):
        """ Add the data that are not accepted yet, needed for the start or not. """
        return super()._get_dues() + self._get_data_dues([])[self]

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        return {
            **super()._get_portal_page_values(partner),
            'data_requests': self.data_request_ids.sorted().sorted(
                lambda request: PORTAL_ORDER.index(request.state),
            ),
        }

    def _get_portal_data_request(self, request_id):
        """ Return a request of the implementation, or nothing.

        :param int request_id: as the address names it
        :rtype: implementation.data.request
        """
        self.ensure_one()
        return self.data_request_ids.filtered(lambda request: request.id == request_id)

    def _check_fills_in(self, partner):
        """ Refuse a person who does not fill in for the client.

        :raise UserError: a sentence for the client
        """
        self.ensure_one()
        if not self._may_act_in_portal(partner):
            raise UserError(self.env._(
                "%(coordinator)s fills in the data for %(client)s.",
                coordinator=self.coordinator_id.name, client=self._get_client_company_name(),
            ))

    def _check_may_fill_in(self, partner, request):
        """ Refuse what the client cannot fill in now.

        :raise UserError: a sentence for the client
        """
        self._check_fills_in(partner)
        if request.state == 'accepted':
            raise UserError(self.env._(
                "%(data)s is accepted already. Write to us if it has changed.", data=request.name,
            ))
        if request.state == 'provided':
            raise UserError(self.env._(
                "You have sent %(data)s already. Take it back first to change it.",
                data=request.name,
            ))

    def _portal_save_data(self, partner, request, typed, files, is_final):
        """ Keep what the client filled in; if it is complete and `is_final`, hand it in.

        What is typed is kept in any case: nothing is lost because something else is wrong.

        :param partner: the res.partner who fills in
        :param request: of `_get_portal_data_request`
        :param dict typed: text by name of the input
        :param list files: pairs of a name and the content, as bytes
        :param bool is_final: hand it in
        :return: one sentence for each thing that is wrong, by name of the input
        :rtype: dict[str, str]
        :raise UserError: if it is not to be filled in now, or not by this person
        """
        self.ensure_one()
        self._check_may_fill_in(partner, request)
        errors = request._save_draft(typed, files)
        if is_final:
            errors = {**request._get_unfinished(), **errors}
            if not errors:
                request._provide(partner)
        return errors

    def _portal_remove_file(self, partner, request, attachment_id):
        """ Take a file away that the client had chosen.

        :raise UserError: if it is not to be filled in now, or not by this person
        """
        self.ensure_one()
        self._check_may_fill_in(partner, request)
        request.file_ids.filtered(lambda file: file.id == attachment_id).unlink()

    def _portal_take_back_data(self, partner, request):
        """ Let the client change what was handed in and nobody has accepted.

        :raise UserError: if it is accepted, or not for this person
        """
        self.ensure_one()
        if request.state != 'provided':
            self._check_may_fill_in(partner, request)
            return
        self._check_fills_in(partner)
        request.write({'state': 'todo', 'provided_on': False, 'provided_by_id': False})
        request._forget_check()
