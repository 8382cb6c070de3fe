from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.addons.support_billing.tests.common import AllocationCommon


class HypercareBillingCommon(AllocationCommon):
    """ Who is who: see `SupportBillingCommon`. It is a Monday, 10:00 in Warsaw.

    +---------------+-----------------------------------------------------------------------------+
    | period        | runs for `client` since today, for 14 days; nothing is free in it           |
    | types         | by kind in hypercare: question, settings, defect, other, improvement        |
    | ticket        | a question of the client's contact, opened in the window                    |
    +---------------+-----------------------------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start = datetime(2026, 3, 2, 9)
        cls.startClassPatcher(freeze_time(cls.start))
        cls.team.resource_calendar_id.tz = 'Europe/Warsaw'
        kinds = {'question': 'question', 'settings': 'settings', 'other': 'other'}
        cls.types = {
            name: cls.env['helpdesk.ticket.type'].create({
                'name': f"Type {name}", 'hypercare_kind': kind, 'billing_scope': scope,
            })
            for name, kind, scope in (
                *((name, kind, 'included') for name, kind in kinds.items()),
                ('defect', 'defect', 'defect'),
                ('improvement', 'settings', 'improvement'),
            )
        }
        cls.period = cls._new_window(cls.client)
        cls.period._start()

    def setUp(self):
        super().setUp()
        self.ticket = self._ask('question')
        self.no_line = self.pack.browse()

    @classmethod
    def _new_window(cls, client, **values):
        return cls.env['hypercare.period'].create({
            'partner_id': client.id, 'team_id': cls.team.id, 'company_id': cls.company.id,
            'golive_date': '2026-03-02', 'days': 14, 'user_id': cls.leader.id, **values,
        })

    @classmethod
    def _ask(cls, kind, **values):
        return cls._new_ticket(ticket_type_id=cls.types[kind].id, **values)

    def go_to(self, **delta):
        """ Move the clock to `start` plus a timedelta, for the rest of the test. """
        self.env.flush_all()
        clock = freeze_time(self.start + timedelta(**delta))
        clock.start()
        self.addCleanup(clock.stop)
