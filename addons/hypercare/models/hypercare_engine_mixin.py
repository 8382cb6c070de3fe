from odoo import api, models
from odoo.exceptions import AccessError


class HypercareEngineMixin(models.AbstractModel):
    """ Some fields are written by the system alone: not by form, list, import or RPC. """

    _name = 'hypercare.engine.mixin'
    _description = "Fields that only the System Writes"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """ Take no default of the user's for what only the system writes. """
        defaults = super().default_get(fields)
        if not self.env.su:
            for name in self._get_engine_fields() & defaults.keys():
                default = self._fields[name].default
                if default:
                    defaults[name] = default(self)
                else:
                    del defaults[name]
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self.browse()._check_engine_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_fields(vals)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        """ Return the names of the fields that only the methods of the model write.

        :rtype: set[str]
        """
        return set()

    def _check_engine_fields(self, vals):
        """ Refuse that users write what only the system writes.

        :param dict vals: as for `create` (on no record) or `write`
        :raise AccessError: if one of them is written by a user
        """
        names = self._get_engine_fields() & vals.keys()
        if names and not self.env.su:
            raise AccessError(self.env._(
                "These fields are kept by the system and cannot be changed by hand: %(names)s",
                names=', '.join(
                    self._fields[name]._description_string(self.env) for name in sorted(names)
                ),
            ))
