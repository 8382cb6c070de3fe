"""A window starts and ends once, whoever else presses the button (requirements G1, G7)."""

import pytest

from odoo.exceptions import UserError

from .test_concurrency import office  # noqa: F401 - a fixture

PEOPLE = 3


@pytest.fixture
def planned(office):  # noqa: F811
    """The id of a planned window, and of its client."""
    def make(env):
        team = env['helpdesk.team'].browse(office.team_id)
        client = env['res.partner'].create({'name': "Client", 'is_company': True})
        period = env['hypercare.period'].create({
            'partner_id': client.id, 'team_id': team.id, 'company_id': team.company_id.id,
            'days': 14,
        })
        return period.id, client.id

    return office.work(make)


def does(method, period_id, told, *args):
    """Return a task that does something with the window, and tells how it ended."""
    def do(env):
        try:
            with env.cr.savepoint():
                getattr(env['hypercare.period'].browse(period_id), method)(*args)
        except UserError as error:
            told.append(str(error))
        else:
            told.append('done')

    return do


def history(office, period_id):  # noqa: F811
    return office.work(
        lambda env: env['hypercare.period'].browse(period_id).change_ids.mapped('kind'),
    )


def test_G1_of_people_who_start_at_once_one_does(office, planned):  # noqa: F811
    period_id, _client = planned
    told = []
    office.work_at_once(*(does('action_start', period_id, told) for _person in range(PEOPLE)))
    assert told.count('done') == 1
    assert sum("This cannot be done" in text for text in told) == PEOPLE - 1
    assert history(office, period_id) == ['start']


def test_G7_of_people_who_close_at_once_one_does(office, planned):  # noqa: F811
    period_id, _client = planned
    office.work(lambda env: env['hypercare.period'].browse(period_id)._start())
    told = []
    office.work_at_once(*(
        does('_close', period_id, told, "Everything works") for _person in range(PEOPLE)
    ))
    assert told.count('done') == 1
    assert history(office, period_id) == ['close_early', 'start']


def test_G1_a_ticket_that_comes_in_while_the_window_starts_is_in_it(office, planned):  # noqa: F811
    period_id, client_id = planned

    def open_ticket(env):
        env['helpdesk.ticket'].create({
            'name': "Where is it?", 'team_id': office.team_id, 'partner_id': client_id,
        })

    told = []
    office.work_at_once(does('action_start', period_id, told), open_ticket)

    def look(env):
        env['hypercare.period']._find_missed_tickets()
        ticket = env['helpdesk.ticket'].search([('partner_id', '=', client_id)])
        period = env['hypercare.period'].browse(period_id)
        # opened before the start by a blink of an eye: it has what was promised then
        return ticket.hypercare_id == period or ticket.open_date < period.start_datetime

    assert told == ['done']
    assert office.work(look)
