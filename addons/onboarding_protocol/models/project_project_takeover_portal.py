from odoo import api, models
from odoo.exceptions import UserError

# How much a client may write when a document is returned.
REASON_SIZE = 4000


class ProjectProject(models.Model):
    """ What the client sees and does in the portal during a takeover, and for ever after (T1, T4).

    Everything here is called on what `_get_portal_implementations` or `_get_portal_takeovers`
    returned for the visitor. What the former provider costs is never among it.
    """

    _inherit = 'project.project'

    # === WHO SEES WHAT === #

    @api.model
    def _get_portal_takeovers(self, partner):
        """ Return the takeovers whose documentation a person reaches, archived ones too.

        :param partner: res.partner of the visitor
        :return: as superuser
        :rtype: project.project
        """
        return self.with_context(active_test=False)._get_portal_implementations(partner).filtered(
            lambda project: project.implementation_kind == 'takeover',
        )

    def _get_takeover_url(self, section):
        """ Return the address of a section of the page My Implementation.

        :param str section: `steps` or `documents`
        """
        self.ensure_one()
        return f'/my/implementation/{self.id}#takeover_{section}'

    def _get_portal_file(self, version_id, attachment_id):
        """ Return a file that was delivered with a version, as superuser; empty if there is none.

        :param int version_id: takeover.document.version
        :param int attachment_id: ir.attachment
        """
        versions = self.takeover_document_ids.version_ids
        return versions.filtered(lambda version: version.id == version_id).attachment_ids.filtered(
            lambda file: file.id == attachment_id,
        )

    # === WHAT THE CLIENT DOES === #

    def _check_may_act(self, partner):
        """ Refuse what only the client's coordinator decides.

        :raise UserError: if the person is somebody else
        """
        self.ensure_one()
        if not self._may_act_in_portal(partner):
            raise UserError(self.env._(
                "%(coordinator)s confirms and validates for your company.",
                coordinator=self.coordinator_id.name,
            ))

    def _portal_confirm_step(self, partner, step_id, revision):
        """ Confirm a step on behalf of the client.

        :param partner: res.partner of the visitor
        :param int step_id: takeover.step
        :param int revision: what the visitor saw of it
        :raise UserError: if the visitor may not, or the step has changed meanwhile
        """
        self._check_may_act(partner)
        step = self.takeover_step_ids.filtered(lambda step: step.id == step_id)
        if not step:
            raise UserError(self.env._("This step is no longer part of the plan."))
        step._confirm_by_client(partner, revision)

    def _get_portal_document(self, document_id):
        """ Return a document of the takeover.

        :raise UserError: if it is no longer there
        """
        document = self.takeover_document_ids.filtered(lambda doc: doc.id == document_id)
        if not document:
            raise UserError(self.env._("This document is no longer part of the documentation."))
        return document

    def _portal_validate_document(self, partner, document_id, version):
        """ Validate a document on behalf of the client.

        :param partner: res.partner of the visitor
        :param int document_id: takeover.document
        :param int version: number of the version that the visitor saw
        :raise UserError: if the visitor may not, or another version was delivered meanwhile
        """
        self._check_may_act(partner)
        self._get_portal_document(document_id)._decide(partner, version, 'validated')

    def _portal_return_document(self, partner, document_id, version, reason):
        """ Return a document on behalf of the client, who says what has to be changed.

        :param partner: res.partner of the visitor
        :param int document_id: takeover.document
        :param int version: number of the version that the visitor saw
        :param str reason: plain text
        :raise UserError: as above, or without a reason
        """
        self._check_may_act(partner)
        reason = (reason or '').strip()
        if not reason:
            raise UserError(self.env._("Say in a few words what has to be changed, please."))
        self._get_portal_document(document_id)._decide(
            partner, version, 'returned', reason[:REASON_SIZE],
        )
