"""The tables of docs/access.md against the models as they are: role x model x operation.

Which records a role reaches is tried by the tests of each addon; here, that no model of any addon
is forgotten, and that no role has a right on a model that the tables do not name.
"""

import re
from pathlib import Path

from odoo.tests import TransactionCase, new_test_user

from odoo.addons.helpdesk_sla.tests.test_access import NOTHING, OPERATIONS, USERS

from .test_environment import ADDONS

# roles that the tables of an addon name beside those of the help desk
MORE_USERS = {
    'onboarding_protocol': {
        'Project User': 'project.group_project_user',
        'Project Administrator': 'project.group_project_manager',
    },
}
ACCESS = Path(__file__).parents[1] / 'docs' / 'access.md'


def read_tables():
    """Return the rights of all tables, by model and role.

    :rtype: dict[tuple[str, str], dict[str, str]]
    """
    rows = {}
    for line in ACCESS.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if len(cells) == 2 + len(OPERATIONS) and re.fullmatch(r'[a-z_]+(\.[a-z_]+)+', cells[0]):
            rows[cells[0], cells[1]] = dict(zip(OPERATIONS, cells[2:], strict=True))
    return rows


class TestAccessMatrix(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = {path.parent.name for path in ADDONS.glob('*/__manifest__.py')}
        cls.models = {
            name: model for name, model in cls.registry.items()
            if model._original_module in own and not model._abstract
        }
        groups = dict(USERS)
        for more in MORE_USERS.values():
            groups.update(more)
        cls.users = {
            role: new_test_user(cls.env, f'matrix_{number}', groups=group)
            for number, (role, group) in enumerate(groups.items())
        }

    def test_every_model_of_every_addon_has_its_rows(self):
        kept = {name for name, model in self.models.items() if not model._transient}
        expected = {
            (name, role) for name in kept
            for role in (*USERS, *MORE_USERS.get(self.models[name]._original_module, ()))
        }
        self.assertEqual(set(read_tables()), expected)

    def test_no_role_has_a_right_that_the_tables_do_not_name(self):
        for (name, role), rights in read_tables().items():
            model = self.env[name].with_user(self.users[role])
            for operation in OPERATIONS:
                if rights[operation] == NOTHING:
                    with self.subTest(model=name, role=role, operation=operation):
                        self.assertFalse(self._reaches_all(model, operation))

    def test_every_right_of_the_tables_is_granted(self):
        for (name, role), rights in read_tables().items():
            model = self.env[name].with_user(self.users[role])
            for operation in OPERATIONS:
                if rights[operation] != NOTHING:
                    with self.subTest(model=name, role=role, operation=operation):
                        self.assertTrue(model.has_access(operation))

    def test_no_wizard_is_for_outsiders(self):
        for name, model in self.models.items():
            if model._transient:
                for role in ('Public', 'Portal', 'Internal'):
                    for operation in OPERATIONS:
                        with self.subTest(model=name, role=role, operation=operation):
                            self.assertFalse(
                                self.env[name].with_user(self.users[role]).has_access(operation),
                            )

    def _reaches_all(self, model, operation):
        """Return whether a role may do something with records of a model, whichever."""
        if not model.has_access(operation):
            return False
        # a right on the model, held back by a rule for every record
        domain = self.env['ir.rule'].with_user(model.env.user)._compute_domain(
            model._name, operation,
        )
        return not domain.is_false()
