""" What the customer reads of the promises (requirements W12): in the portal and in the mails. """

import re
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools.translate import code_translations

from .common import HelpdeskCase, utc

POLISH = {
    "We answer by": "Odpowiemy do",
    "We solve it by": "Rozwiążemy do",
    "Paused: we wait for your answer": "Wstrzymane: czekamy na odpowiedź",
    "Since %s": "Od %s",
    "You will have our answer by %s.": "Odpowiedź otrzymasz do %s.",
}


class PromiseCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.first = self.create_policy('first_response', 4)
        self.resolution = self.create_policy('resolution', 18, pause_third_party=True)
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)

    def say(self, user, at=None):
        """ Post a message on the ticket as a person. """
        if at:
            self.go_to(at)
        self.ticket.with_user(user).message_post(
            body="Hello", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def pause(self, kind, reason, at, date_to=None):
        self.go_to(at)
        self.ticket.with_user(self.agent)._pause_sla(
            kind, reason, date_to=date_to and utc(date_to),
        )
        self.env.flush_all()

    def told(self, **kwargs):
        """ Return what is told of each promise, by its target. """
        self.env.invalidate_all()
        ticket = self.ticket.sudo()
        return {
            promise['target']: ticket._describe_portal_promise(promise, **kwargs)
            for promise in ticket._get_portal_promises()
        }


@tagged('post_install', '-at_install')
class TestPromise(PromiseCase):

    def test_what_is_owed_comes_first(self):
        self.say(self.agent, 'mon 10:00')
        self.assertEqual(
            [promise['target'] for promise in self.ticket._get_portal_promises()],
            ['resolution', 'first_response'],
        )
        self.assertEqual(self.ticket._get_next_portal_promise()['target'], 'resolution')
        self.move(self.ticket, self.stage_solved)
        self.assertIsNone(self.ticket._get_next_portal_promise())

    def test_done_in_time_and_late(self):
        self.say(self.agent, 'mon 10:00')
        self.assertEqual(self.told()['first_response']['text'], "Done in time")
        self.move(self.ticket, self.stage_solved, 'wed 10:00')
        told = self.told()['resolution']
        self.assertEqual((told['look'], told['text']), ('over', "Done, but late"))
        self.assertIn("Promised by Mar 3, 2026", told['details'][0])

    def test_overdue_and_canceled_is_not_called_done(self):
        self.go_to('wed 10:00')
        self.assertIn("We are late. We are sorry.", self.told()['first_response']['details'])
        self.move(self.ticket, self.stage_cancel)
        self.assertEqual(self.told()['first_response']['text'], "Not kept")

    def test_waiting_for_the_customer(self):
        self.say(self.agent, 'mon 10:00')
        self.move(self.ticket, self.stage_customer, 'mon 11:00')
        self.go_to('tue 11:00')
        told = self.told()['resolution']
        self.assertEqual(told['text'], "Paused: we wait for your answer")
        self.assertRegex(told['details'][0], r"^Since Mar 2, 2026, 11:00\sAM$")
        self.assertEqual(len(told['details']), 1, "the name of the stage is our matter")

    def test_reason_of_a_manual_pause_is_told_only_when_the_customer_can_help(self):
        self.pause('third_party', "Bob of Acme is lazy", 'mon 11:00')
        told = self.told()['resolution']
        self.assertEqual(told['text'], "Paused: we wait for a third party")
        self.assertEqual(len(told['details']), 1)
        self.assertNotIn("Bob", str(told))
        self.pause('customer', "We need the serial number", 'mon 12:00')
        told = self.told()['resolution']
        self.assertEqual(told['text'], "Paused: we wait for your answer")
        self.assertRegex(told['details'][0], r"12:00\sPM")
        self.assertEqual(told['details'][1], "We need the serial number")

    def test_planned_maintenance_until_it_ends(self):
        self.pause('maintenance', "Jane upgrades the server", 'mon 11:00', date_to='mon 13:00')
        told = self.told()['resolution']
        self.assertEqual(told['look'], 'running', "its end is known, and with it the deadline")
        self.assertIn("March 4, 2026", told['text'])
        self.assertEqual(told['details'][0], "Paused: planned maintenance")
        self.assertRegex(told['details'][1], r"^Until Mar 2, 2026, 1:00\sPM$")
        self.assertNotIn("Jane", str(told))

    def test_planned_maintenance_without_an_end(self):
        self.pause('maintenance', "Jane upgrades the server", 'mon 11:00')
        told = self.told()['resolution']
        self.assertEqual(told['text'], "Paused: planned maintenance")
        self.assertNotIn("Jane", str(told))

    def test_what_does_not_pause_a_promise_is_not_told(self):
        self.pause('customer', "The serial number", 'mon 10:00')
        self.assertEqual(self.told()['first_response']['look'], 'running')
        self.assertEqual(self.told()['first_response']['details'], [])

    def test_time_that_pauses_took_is_told_in_working_time(self):
        self.move(self.ticket, self.stage_customer, 'mon 16:00')
        self.move(self.ticket, self.stage_progress, 'tue 10:30')
        self.pause('customer', "Once more", 'tue 10:00')
        self.go_to('tue 11:00')
        self.ticket.with_user(self.agent)._end_manual_pauses(utc('tue 11:00'))
        self.assertEqual(self.told()['resolution']['details'], [
            # 16:00 to 18:00 and 9:00 to 11:00; what overlaps is counted once
            "It was paused for 4 h 00 min of working time: we waited for you.",
        ])
        self.assertEqual(self.told(short=True)['resolution']['details'], [])

    def test_next_response(self):
        self.create_policy('next_response', 2)
        self.say(self.agent, 'mon 10:00')
        self.assertNotIn('next_response', self.told())
        self.say(self.portal_client, 'mon 11:00')
        promise = self.ticket._get_next_portal_promise()
        self.assertEqual((promise['target'], promise['label']), ('next_response', "We answer by"))
        self.assertMoment(promise['deadline'], 'mon 13:00')
        self.say(self.agent, 'mon 12:00')
        self.assertNotIn('next_response', self.told(), "of answered messages nothing is owed")

    def test_next_response_in_mails(self):
        self.create_policy('next_response', 2)
        self.say(self.agent, 'mon 10:00')
        self.say(self.portal_client, 'mon 11:00')
        self.assertTrue(any(
            re.match(r"You will have our answer to your message by .*1:00\sPM", sentence)
            for sentence in self.ticket._get_promise_sentences()
        ))

    def test_hours_without_working_time_promise_nothing(self):
        self.calendar.attendance_ids.unlink()
        self.run_refresh()
        self.assertEqual(self.told(), {})

    def test_agreement_is_named_where_it_promises(self):
        agreement = self.env['helpdesk.sla.agreement'].create({
            'name': "SLA/7", 'partner_id': self.client.id, 'company_id': self.company.id,
        })
        self.assertEqual(self.ticket._get_promise_agreement_name(), '')
        status = self.env['helpdesk.sla.status'].create({
            'ticket_id': self.ticket.id,
            'sla_id': self.create_policy('resolution', 2, agreement_id=agreement.id).id,
            'name': "Solved within two hours",
            'target': 'resolution',
            'time': 2,
            'start_date': utc('mon 09:00'),
            'cycle_date': utc('mon 09:00'),
        })
        self.assertEqual(self.ticket._get_promise_agreement_name(), "SLA/7")
        status._finish('superseded')
        self.assertEqual(self.ticket._get_promise_agreement_name(), '')

    def test_texts_in_the_language_of_the_reader(self):
        self.env['res.lang']._activate_lang('pl_PL')
        with patch.dict(code_translations.python_translations, {
            ('helpdesk_sla', 'pl_PL'): POLISH,
        }):
            ticket = self.ticket.with_context(lang='pl_PL')
            self.assertEqual(
                [promise['label'] for promise in ticket._get_portal_promises()],
                ["Odpowiemy do", "Rozwiążemy do"],
            )
            self.assertRegex(
                ticket._get_promise_sentences()[0], r"^Odpowiedź otrzymasz do .*2 marca 2026",
            )


@tagged('post_install', '-at_install')
class TestPortalPromise(PromiseCase, HttpCase):

    def page(self, path=None, user=None):
        user = user or self.portal_client
        self.authenticate(user.login, user.login)
        response = self.url_open(path or f'/my/tickets/{self.ticket.id}')
        self.assertEqual(response.status_code, 200)
        return re.sub(r'\s+', ' ', response.text)

    def test_ticket_page(self):
        self.say(self.agent, 'mon 10:00')
        self.pause('third_party', "Bob of Acme is lazy", 'mon 11:00')
        page = self.page()
        self.assertIn("First answer", page)
        self.assertIn("Done in time", page)
        self.assertNotIn("We wait for your answer. Write it below", page)
        self.assertIn("We solve it by", page)
        self.assertIn("Paused: we wait for a third party", page)
        self.assertIn("Since Mar 2, 2026, 11:00 AM", page)
        self.assertNotIn("Bob of Acme", page)
        self.assertNotIn(self.resolution.name, page, "names of policies are ours")

    def test_ticket_paused_by_hand_asks_the_customer(self):
        self.pause('customer', "We need the serial number", 'mon 11:00')
        page = self.page()
        self.assertIn("We wait for your answer. Write it below", page)
        self.assertIn("We need the serial number", page)

    def test_agreement_is_shown(self):
        model = self.registry['helpdesk.ticket']
        self.assertNotIn('id="ticket_agreement"', self.page())
        with patch.object(model, '_get_promise_agreement_name', lambda ticket: "Gold 2026"):
            self.assertRegex(self.page(), r'id="ticket_agreement".*Gold 2026')

    def test_list_says_what_is_owed_next(self):
        page = self.page('/my/tickets')
        self.assertIn("We answer by", page)
        self.assertIn("Mar 2, 2026, 1:00 PM", page)
        self.say(self.agent, 'mon 10:00')
        page = self.page('/my/tickets')
        self.assertIn("We solve it by", page)
        self.assertNotIn("We answer by", page)
        self.move(self.ticket, self.stage_customer, 'mon 11:00')
        page = self.page('/my/tickets')
        self.assertIn("Paused: we wait for your answer", page)
        self.assertIn("Since Mar 2, 2026, 11:00 AM", page)
        self.move(self.ticket, self.stage_solved, 'mon 12:00')
        page = self.page('/my/tickets')
        self.assertNotIn("We solve it by", page)

    def test_list_in_the_zone_of_the_visitor(self):
        self.portal_client.tz = 'America/New_York'
        self.assertIn("Mar 2, 2026, 7:00 AM", self.page('/my/tickets'))

    def test_without_login_in_the_zone_of_the_contact(self):
        self.client_contact.tz = 'Asia/Tehran'
        token = self.ticket._portal_ensure_token()
        self.env.flush_all()
        self.authenticate(None, None)
        page = self.url_open(f'/my/tickets/{self.ticket.id}?access_token={token}').text
        self.assertRegex(page, r"3:30\sPM")

    def test_page_in_the_language_of_the_visitor(self):
        polish = self.env['res.lang']._activate_lang('pl_PL')
        if 'website' in self.env:
            # a website chooses its languages itself
            self.env['website'].search([]).language_ids |= polish
        self.portal_client.lang = 'pl_PL'
        self.move(self.ticket, self.stage_customer, 'mon 11:00')
        with patch.dict(code_translations.python_translations, {
            ('helpdesk_sla', 'pl_PL'): POLISH,
        }):
            page = self.page()
        self.assertIn("Rozwiążemy do", page)
        self.assertIn("Wstrzymane: czekamy na odpowiedź", page)
        self.assertIn("Od 2 mar 2026, 11:00", page)
        self.assertNotIn("Paused", page)

    def test_list_costs_the_same_for_many(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            tickets = self.env['helpdesk.ticket'].sudo().search(
                [('partner_id', '=', self.client_contact.id)],
            )
            before = self.env.cr.sql_log_count
            for ticket in tickets:
                promise = ticket._get_next_portal_promise()
                ticket._describe_portal_promise(promise, short=True)
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        self.create_tickets([{'partner_id': self.client_contact.id}] * 20)
        self.assertEqual(count(), few)
