from contextlib import contextmanager
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user

from odoo.addons.mail.tests.common import mail_new_test_user


class HypercareCommon(TransactionCase):
    """ Who is who. The clock stands still at `start`, a Monday at 10:00 in Warsaw, until `go_to`.

    +---------------+----------------------------------+------------------------------------------+
    | supervisor    | helpdesk user, project user      | leads `period`                           |
    | agent         | helpdesk user                    | works on tickets, member of `team`       |
    | leader        | helpdesk team leader             | plans windows                            |
    | manager       | helpdesk administrator           | extends, closes early, reopens           |
    | insider       | internal user                    | no group at all                          |
    | portal        | portal user `coordinator`        | the client's coordinator                 |
    | colleague     | portal user of `client`          | sees the own tickets only                |
    | other_portal  | portal user of `other_client`    | a stranger                               |
    +---------------+----------------------------------+------------------------------------------+
    | period        | planned for `client`, 14 days                                               |
    | types         | by kind: question, settings, defect, other                                  |
    +---------------+----------------------------------+------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={
            **cls.env.context, 'mail_create_nolog': True, 'tracking_disable': True,
            'no_reset_password': True,
        })
        cls.start = datetime(2026, 3, 2, 9)
        cls.startClassPatcher(freeze_time(cls.start))
        calendar = cls.env['resource.calendar'].create({
            'name': "Support", 'tz': 'Europe/Warsaw',
        })
        cls.company = cls.env['res.company'].create({
            'name': "Bright Consulting", 'resource_calendar_id': calendar.id,
        })
        calendar.company_id = cls.company
        cls.env = cls.env(context={
            **cls.env.context, 'allowed_company_ids': cls.company.ids,
        })
        cls.supervisor = cls._new_user(
            'hypercare_supervisor',
            'project.group_project_user,helpdesk_sla.group_helpdesk_user',
        )
        cls.agent = cls._new_user('hypercare_agent', 'helpdesk_sla.group_helpdesk_user')
        cls.leader = cls._new_user('hypercare_leader', 'helpdesk_sla.group_helpdesk_team_leader')
        cls.manager = cls._new_user('hypercare_manager', 'helpdesk_sla.group_helpdesk_manager')
        cls.insider = cls._new_user('hypercare_insider', 'base.group_user')
        cls.team = cls.env['helpdesk.team'].create({
            'name': "Hypercare Team", 'company_id': cls.company.id,
            'resource_calendar_id': calendar.id,
            'member_ids': [(6, 0, (cls.agent | cls.supervisor).ids)],
            'use_sla': True,
        })
        cls.client, cls.other_client = cls.env['res.partner'].create([
            {'name': "Lantern Books", 'is_company': True, 'tz': 'Europe/Warsaw'},
            {'name': "Meadow Dairy", 'is_company': True, 'tz': 'Europe/Warsaw'},
        ])
        cls.portal = cls._new_portal_user('hypercare_coordinator', cls.client)
        cls.colleague = cls._new_portal_user('hypercare_colleague', cls.client)
        cls.other_portal = cls._new_portal_user('hypercare_stranger', cls.other_client)
        cls.coordinator = cls.portal.partner_id
        cls.types = {
            kind: cls.env['helpdesk.ticket.type'].create({
                'name': f"Hypercare {kind}", 'hypercare_kind': kind,
            })
            for kind in ('question', 'settings', 'defect', 'other')
        }
        cls.project = cls.env['project.project'].create({
            'name': "Lantern Books: ERP", 'partner_id': cls.client.id,
            'user_id': cls.supervisor.id, 'company_id': cls.company.id,
        })
        cls.period = cls._create_window(project_id=cls.project.id)

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env, login, groups=groups, email=f"{login}@company.example", tz='Europe/Warsaw',
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)],
        )

    @classmethod
    def _new_portal_user(cls, login, client):
        user = mail_new_test_user(
            cls.env, login, groups='base.group_portal', name=login.title(),
            email=f"{login}@client.example", tz='Europe/Warsaw',
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)],
        )
        user.partner_id.parent_id = client
        return user

    @classmethod
    def _create_window(cls, client=None, coordinator=None, **values):
        """ Plan a window of 14 days for today. """
        client = client or cls.client
        if coordinator is None and client == cls.client:
            coordinator = cls.coordinator
        return cls.env['hypercare.period'].create({
            'partner_id': client.id,
            'coordinator_id': coordinator.id if coordinator else False,
            'user_id': cls.supervisor.id,
            'team_id': cls.team.id,
            'company_id': cls.company.id,
            'golive_date': '2026-03-02',
            'days': 14,
            **values,
        })

    def _create_tickets(self, number=1, kind=None, partner=None, **values):
        """ Open tickets of the client now. """
        return self.env['helpdesk.ticket'].create([
            {
                'name': f"Ticket {index}",
                'team_id': self.team.id,
                'partner_id': (partner or self.coordinator).id,
                'ticket_type_id': self.types[kind].id if kind else False,
                **values,
            }
            for index in range(number)
        ])

    def go_to(self, **delta):
        """ Move the clock to `start` plus a timedelta, for the rest of the test. """
        self.env.flush_all()
        clock = freeze_time(self.start + timedelta(**delta))
        clock.start()
        self.addCleanup(clock.stop)

    def run_cron(self, name):
        """ Run a job as the scheduler does.

        :param str name: external id below `hypercare.`
        """
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(f'hypercare.{name}').method_direct_trigger()
        self.env.invalidate_all()

    def refresh_sla(self):
        """ Work off what a change of policies or windows has marked. """
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref('helpdesk_sla.ir_cron_sla_refresh').method_direct_trigger()
        self.env.invalidate_all()

    @contextmanager
    def assertRefused(self, text, exception=UserError):
        """ Expect a sentence; what was done until then is taken back, as after a request. """
        with self.assertRaises(exception) as caught:
            yield
        self.assertRegex(str(caught.exception), text)
