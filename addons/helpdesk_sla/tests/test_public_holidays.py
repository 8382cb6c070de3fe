""" Public holidays: loaded for a country, region and years, once. """

from contextlib import contextmanager
from datetime import date, datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestPublicHolidays(HelpdeskCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.poland = cls.env.ref('base.pl')
        cls.company.country_id = cls.poland

    def wizard(self, user=None, **values):
        return self.env['resource.calendar.holidays'].with_user(user or self.manager).create({
            'calendar_id': self.calendar.id, 'year_from': 2026, 'year_to': 2026, **values,
        })

    def closures(self, calendar=None):
        return self.env['resource.calendar.leaves'].search([
            ('calendar_id', '=', (calendar or self.calendar).id),
        ], order='date_from')

    def names(self, wizard):
        return {line.date: line.name for line in wizard.line_ids}

    def test_country_and_years_are_suggested(self):
        form = Form(self.env['resource.calendar.holidays'].with_user(self.manager).with_context(
            default_calendar_id=self.calendar.id,
        ))
        self.assertEqual(form.country_id, self.poland)
        self.assertEqual((form.year_from, form.year_to), (2026, 2027))
        wizard = form.save()
        self.assertIn(date(2026, 11, 11), self.names(wizard))
        self.assertIn(date(2027, 12, 24), self.names(wizard))

    def test_the_preview_is_edited_and_loaded(self):
        form = Form(self.env['resource.calendar.holidays'].with_user(self.manager).with_context(
            default_calendar_id=self.calendar.id,
        ))
        form.year_to = 2026
        with form.line_ids.edit(0) as line:
            line.name = "Our New Year"
        with form.line_ids.edit(1) as line:
            line.is_selected = False
        form.save().action_load()
        closures = self.closures()
        self.assertEqual(len(closures), 13)
        self.assertEqual(closures[0].name, "Our New Year")

    def test_names_are_in_the_language_of_the_user_or_of_the_country(self):
        self.assertEqual(self.names(self.wizard())[date(2026, 1, 6)], "Epiphany")
        self.env['res.lang']._activate_lang('pl_PL')
        self.env['res.lang']._activate_lang('fr_FR')
        for lang in ('pl_PL', 'fr_FR'):
            wizard = self.env['resource.calendar.holidays'].with_context(lang=lang).create({
                'calendar_id': self.calendar.id, 'year_from': 2026, 'year_to': 2026,
            })
            self.assertEqual(self.names(wizard)[date(2026, 1, 6)], "Święto Trzech Króli")

    def test_days_are_whole_in_the_zone_of_the_working_hours(self):
        """ Whatever the zone of who loads them; 5 April 2026 is Easter, after the DST change. """
        self.manager.tz = 'America/New_York'
        self.wizard().action_load()
        closures = self.closures()
        new_year = closures.filtered(lambda closure: closure.name == "New Year's Day")
        self.assertEqual(new_year.date_from, datetime(2025, 12, 31, 23))
        self.assertEqual(new_year.date_to, datetime(2026, 1, 1, 22, 59, 59))
        easter = closures.filtered(lambda closure: closure.name == "Easter Monday")
        self.assertEqual(easter.date_from, datetime(2026, 4, 5, 22))
        self.assertEqual(easter.date_to, datetime(2026, 4, 6, 21, 59, 59))

    def test_a_day_of_a_dst_change_is_closed_to_its_end(self):
        self.calendar.tz = 'Asia/Beirut'  # the clocks change at midnight
        wizard = self.wizard()
        self.assertEqual(
            wizard._get_day(date(2026, 3, 29)),
            (datetime(2026, 3, 28, 22), datetime(2026, 3, 29, 20, 59, 59)),
        )

    def test_no_second_of_a_holiday_is_worked(self):
        self.calendar.attendance_ids = [Command.clear()] + [
            Command.create({
                'name': "Day", 'dayofweek': str(day), 'hour_from': 0, 'hour_to': 24,
                'day_period': 'morning',
            }) for day in range(7)
        ]
        self.wizard().action_load()
        self.assertEqual(
            self.calendar._get_working_time().opening_after(utc('2026-12-24 12:00')),
            utc('2026-12-27 00:00'),
        )

    def test_states(self):
        """ A State, a Land, and names of states that Odoo and the library write differently. """
        for xmlid, expected in (
            ('base.state_us_44', 'US:TX'),
            ('base.state_de_by', 'DE:BY'),
            ('base.state_pl_pm', 'PL:22'),
            ('base.state_ch_zh', 'CH:ZH'),
        ):
            state = self.env.ref(xmlid)
            self.company.write({'country_id': state.country_id.id, 'state_id': state.id})
            with self.subTest(state=state.name):
                wizard = self.wizard()
                self.assertEqual(wizard.region, expected)
                self.assertIn(expected, wizard.regions_of_country)

    def test_a_region_has_its_own_days(self):
        germany = self.env.ref('base.de')
        wizard = self.wizard(country_id=germany.id, region='DE:BY')
        self.assertIn(date(2026, 6, 4), self.names(wizard))
        wizard.region = 'DE:BE'
        self.assertNotIn(date(2026, 6, 4), self.names(wizard))
        self.assertIn(date(2026, 3, 8), self.names(wizard))
        wizard.region = False
        self.assertNotIn(date(2026, 3, 8), self.names(wizard))
        usa = self.env.ref('base.us')
        wizard = self.wizard(country_id=usa.id, region='US:TX')
        self.assertIn(date(2026, 3, 2), self.names(wizard))

    def test_a_region_of_another_country_is_refused(self):
        wizard = self.wizard(region='DE:BY')
        self.assertTrue(wizard.problem)
        with self.assertRaises(UserError):
            wizard.action_load()

    def test_other_days_are_listed_and_not_ticked(self):
        wizard = self.wizard(
            country_id=self.env.ref('base.us').id, region=False, include_other=True,
        )
        lines = {line.date: line for line in wizard.line_ids}
        self.assertEqual(lines[date(2026, 2, 14)].category, 'unofficial')
        self.assertFalse(lines[date(2026, 2, 14)].is_selected)
        self.assertTrue(lines[date(2026, 12, 25)].is_selected)

    def test_loading_twice_doubles_nothing(self):
        action = self.wizard().action_load()
        self.assertEqual(action['params']['message'], "14 holidays loaded.")
        count = len(self.closures())
        again = self.wizard()
        self.assertTrue(all(again.line_ids.mapped('is_loaded')))
        self.assertFalse(any(again.line_ids.mapped('is_selected')))
        with self.assertRaises(UserError):
            again.action_load()
        again.year_to = 2027
        action = again.action_load()
        self.assertEqual(
            action['params']['message'], "14 holidays loaded, 14 were there already.",
        )
        self.assertEqual(len(self.closures()), 2 * count)

    def test_two_previews_of_the_same_days_load_them_once(self):
        first, second = self.wizard(), self.wizard()
        first.action_load()
        action = second.action_load()
        self.assertEqual(len(self.closures()), 14)
        self.assertEqual(
            action['params']['message'], "Nothing to load: these days are closed already.",
        )

    def test_a_preview_ticked_by_force_doubles_nothing(self):
        self.wizard().action_load()
        again = self.wizard()
        again.line_ids.is_selected = True
        again.action_load()
        self.assertEqual(len(self.closures()), 14)

    def test_days_closed_by_hand_count_whatever_their_name(self):
        self.create_closure('2026-11-11 00:00', '2026-11-11 23:59:59', name="Inventory")
        self.create_closure(
            '2026-12-24 00:00', '2027-01-02 00:00', name="Company holidays", calendar_id=False,
        )
        loaded = self.wizard().line_ids.filtered('is_loaded').mapped('date')
        self.assertEqual(
            loaded,
            [date(2026, 11, 11), *(date(2026, 12, day) for day in (24, 25, 26))],
        )

    def test_what_is_no_closure_of_these_hours_does_not_count(self):
        day = ('2026-11-11 00:00', '2026-11-11 23:59:59')
        self.create_closure(*day, calendar_id=self.create_calendar().id)
        self.create_closure(*day, time_type='other')
        self.create_closure(*day, company=self.other_company, calendar_id=False)
        self.take_holiday(self.agent, *day)
        self.assertFalse(any(self.wizard().line_ids.mapped('is_loaded')))

    def test_only_the_open_part_of_a_day_is_closed(self):
        self.create_closure('2026-12-24 12:00', '2026-12-24 23:59:59', name="Afternoon off")
        self.create_closure('2026-12-26 08:00', '2026-12-26 10:00', name="Inventory")
        self.wizard().action_load()
        loaded = self.closures().filtered(
            lambda closure: closure.date_from > datetime(2026, 12, 1),
        )
        self.assertEqual(
            [(closure.date_from, closure.date_to) for closure in loaded],
            [
                (utc('2026-12-24 00:00'), utc('2026-12-24 11:59:59')),
                (utc('2026-12-24 12:00'), utc('2026-12-24 23:59:59')),
                (utc('2026-12-25 00:00'), utc('2026-12-25 23:59:59')),
                (utc('2026-12-26 00:00'), utc('2026-12-26 07:59:59')),
                (utc('2026-12-26 08:00'), utc('2026-12-26 10:00')),
                (utc('2026-12-26 10:00'), utc('2026-12-26 23:59:59')),
            ],
        )

    def test_for_all_working_hours_of_the_company(self):
        wizard = self.wizard(calendar_id=False, company_id=self.company.id)
        wizard.action_load()
        closures = self.env['resource.calendar.leaves'].search([
            ('company_id', '=', self.company.id), ('calendar_id', '=', False),
        ])
        self.assertEqual(len(closures), 14)
        self.assertTrue(all(self.wizard().line_ids.mapped('is_loaded')))

    def test_deadlines_move_and_are_marked_once(self):
        self.create_policy(time=9)
        self.go_to('2026-11-10 12:00')
        ticket = self.create_ticket()
        self.assertMoment(ticket.sla_deadline, '2026-11-11 12:00')
        with self.count_marks() as marks:
            self.wizard().action_load()
        self.assertEqual(len(marks), 1)
        self.run_refresh()
        self.assertMoment(ticket.sla_deadline, '2026-11-12 12:00')

    def count_marks(self):
        statuses = self.registry['helpdesk.sla.status']
        original, calls = statuses._mark_for_recompute_by_calendar, []

        def marked(records, calendars):
            calls.append(calendars)
            return original(records, calendars)

        @contextmanager
        def counting():
            with patch.object(statuses, '_mark_for_recompute_by_calendar', marked):
                yield calls

        return counting()

    def test_a_country_that_the_library_does_not_know(self):
        antarctica_like = self.env['res.country'].create({'name': "Atlantis", 'code': 'XA'})
        self.company.country_id = antarctica_like
        wizard = self.wizard()
        self.assertIn("Atlantis", wizard.problem)
        self.assertFalse(wizard.line_ids)
        with self.assertRaisesRegex(UserError, "Atlantis"):
            wizard.action_load()

    def test_years_that_make_no_sense(self):
        for years in ((2027, 2026), (0, 2026), (2026, 2099), (2026, 9999)):
            wizard = self.wizard(year_from=years[0], year_to=years[1])
            with self.subTest(years=years), self.assertRaises(UserError):
                wizard.action_load()

    def test_who_may(self):
        for user in (self.agent, self.leader, self.outsider, self.portal_client):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.wizard(user=user)
        system = self.create_user('system', 'base.group_erp_manager')
        self.wizard(user=system).action_load()
        closure = self.closures()[0]
        with self.assertRaises(AccessError):
            closure.with_user(self.agent).unlink()
        # what was loaded by mistake is taken back by those who may load it
        closure.with_user(self.manager).unlink()

    def test_another_companys_working_hours_are_out_of_reach(self):
        calendar = self.env['resource.calendar'].create({
            'name': "Theirs", 'company_id': self.other_company.id,
        })
        with self.assertRaises(AccessError):
            self.wizard(calendar_id=calendar.id, country_id=self.poland.id).action_load()

    def test_it_ends_in_the_list(self):
        action = self.wizard().action_load()['params']['next']
        self.assertEqual(action['res_model'], 'resource.calendar.leaves')
        self.assertEqual(
            len(self.env['resource.calendar.leaves'].search(action['domain'])), 14,
        )
