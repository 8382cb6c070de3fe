from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

from odoo.addons.mail.tests.common import mail_new_test_user


class ImplementationCommon(TransactionCase):
    """ Who is who.

    +---------------+----------------------------------+------------------------------------------+
    | supervisor    | project user, helpdesk user      | leads `implementation` (P8)              |
    | consultant    | project user                     | sees it, for it is open to employees     |
    | manager       | project administrator            | lets implementations pass with a reason  |
    | agent         | helpdesk user                    | no right on projects                     |
    | insider       | internal user                    | no group at all                          |
    | portal        | portal user `coordinator`        | the client's coordinator                 |
    | other_portal  | portal user of `other_client`    | coordinator of `other_implementation`    |
    +---------------+----------------------------------+------------------------------------------+
    | client        | company; contacts: coordinator, colleague                                   |
    | template      | project template of kind implementation, with the six phases of P1          |
    | phases        | the phases of the implementation, in order                                  |
    +---------------+----------------------------------+------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={
            **cls.env.context, 'mail_create_nolog': True, 'tracking_disable': True,
            'no_reset_password': True,
        })
        cls.company = cls.env.company
        cls.supervisor = cls._new_user(
            'supervisor', 'project.group_project_user,helpdesk_sla.group_helpdesk_user',
        )
        cls.consultant = cls._new_user('consultant', 'project.group_project_user')
        cls.manager = cls._new_user('implementation_manager', 'project.group_project_manager')
        cls.agent = cls._new_user('implementation_agent', 'helpdesk_sla.group_helpdesk_user')
        cls.insider = cls._new_user('implementation_insider', 'base.group_user')
        cls.client, cls.other_client = cls.env['res.partner'].create([
            {'name': "Lantern Books", 'is_company': True, 'tz': 'Europe/Warsaw'},
            {'name': "Meadow Dairy", 'is_company': True, 'tz': 'Europe/Warsaw'},
        ])
        cls.portal = cls._new_portal_user('coordinator', cls.client)
        cls.other_portal = cls._new_portal_user('other_coordinator', cls.other_client)
        cls.coordinator = cls.portal.partner_id
        cls.colleague = cls.env['res.partner'].create({
            'name': "Colleague", 'parent_id': cls.client.id, 'email': "colleague@lantern.example",
        })
        cls.template = cls.env['project.project'].create({
            'name': "Template", 'is_template': True, 'implementation_kind': 'implementation',
            'privacy_visibility': 'employees', 'user_id': cls.supervisor.id,
        })
        cls.implementation = cls._new_implementation(cls.client, cls.coordinator)
        cls.other_implementation = cls._new_implementation(
            cls.other_client, cls.other_portal.partner_id,
        )
        cls.phases = cls.implementation.phase_ids.sorted()

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env, login, groups=groups, email=f"{login}@company.example", tz='Europe/Warsaw',
        )

    @classmethod
    def _new_portal_user(cls, login, client):
        user = mail_new_test_user(
            cls.env, login, groups='base.group_portal', name=login.title(),
            email=f"{login}@client.example", tz='Europe/Warsaw',
        )
        user.partner_id.parent_id = client
        return user

    @classmethod
    def _new_implementation(cls, client, coordinator, kind='implementation', **values):
        return cls.env['project.project'].create({
            'name': f"{client.name}: {kind}",
            'implementation_kind': kind,
            'partner_id': client.id,
            'coordinator_id': coordinator.id,
            'user_id': cls.supervisor.id,
            'company_id': cls.company.id,
            **values,
        })

    @classmethod
    def _new_agreement(cls, client, **values):
        """ Create an agreement with a response time of 2 hours, valid from today on. """
        agreement = cls.env['helpdesk.sla.agreement'].create({
            'partner_id': client.id,
            'company_id': cls.company.id,
            'resource_calendar_id': cls.company.resource_calendar_id.id,
            'line_ids': [Command.create({'priority': '1', 'response_time': 2})],
            **{name: value for name, value in values.items() if name != 'step'},
        })
        if 'step' in values:
            agreement.step = values['step']
        return agreement

    @contextmanager
    def assertRefused(self, text, exception=UserError):
        """ Expect a sentence; what was done until then is taken back, as after a request. """
        with self.assertRaises(exception) as caught:
            yield
        self.assertRegex(str(caught.exception), text)

    def _without_gates(self, *kinds):
        """ Take gates of the given kinds (all without any) away from the phases. """
        gates = self.env['implementation.gate'].search([('phase_id', 'in', self.phases.ids)])
        gates.filtered(lambda gate: not kinds or gate.kind in kinds).unlink()
