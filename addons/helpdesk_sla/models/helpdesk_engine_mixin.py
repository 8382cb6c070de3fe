from odoo import api, models
from odoo.exceptions import AccessError


class HelpdeskEngineMixin(models.AbstractModel):
    """ Some fields are written by the system alone: not by form, list, import or RPC.

    This names them and takes no default for them. Where they are refused is for the model to say:
    everywhere (`helpdesk.engine.guard.mixin`), or where it calls `_check_engine_fields`.
    """

    _name = 'helpdesk.engine.mixin'
    _description = "Fields that the System Writes"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """ Take no default of the user's for what only the system writes. """
        defaults = super().default_get(fields)
        if not self._may_write_engine_fields():
            for name in self._get_engine_fields() & defaults.keys():
                default = self._fields[name].default
                if default:
                    defaults[name] = default(self)
                else:
                    del defaults[name]
        return defaults

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        """ Return the names of the fields that only the methods of the model write.

        :rtype: set[str]
        """
        return set()

    @api.model
    def _may_write_engine_fields(self):
        """ Return whether they are written by the system, or by whom it lets. """
        return self.env.su

    def _check_engine_fields(self, vals):
        """ Refuse that users write what only the system writes.

        :param dict vals: as for `create` (on no record) or `write`
        :raise AccessError: if one of them is written by a user
        """
        names = self._get_engine_fields() & vals.keys()
        if names and not self._may_write_engine_fields():
            raise AccessError(self.env._(
                "These fields are kept by the system and cannot be changed by hand: %(names)s",
                names=', '.join(
                    self._fields[name]._description_string(self.env) for name in sorted(names)
                ),
            ))
