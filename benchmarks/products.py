"""What is compared: this product, OCA's helpdesk, a stock task, and a record with a mere chatter.

Each has the same things set up with the same words: one agent with ordinary rights who is a member
of the team, one client with one contact, working hours Monday to Friday 9 to 18 with ten closures a
year, an e-mail address, and (where there are any) four promises that hold for every ticket of the
team. No stage sends a mail.
"""

from datetime import datetime, time, timedelta

from odoo.fields import Command

CLOSURES = (
    (1, 1),
    (1, 6),
    (5, 1),
    (5, 3),
    (8, 15),
    (11, 1),
    (11, 11),
    (12, 24),
    (12, 25),
    (12, 26),
)
DOMAIN = 'support.example'
LETTER = (
    "<p>Good morning,</p><p>since the update of last night the order confirmation is no longer"
    " sent. We have tried it with two customers and with three orders; the status stays at"
    " \"waiting\".</p><p>Kind regards</p>"
)


class Product:
    """One of the models that are compared, in a database of its own worker process."""

    name = ''  # for the command line and the coordinator
    label = ''  # for people
    model = ''
    database = ''  # whose worker: ours, oca, stock, billing, hypercare
    group = 'base.group_user'  # what the agent is

    def __init__(self):
        self.ids = {}

    def set_up(self, env):
        """Create what tickets need, once per database; the caller commits."""
        company = env.company
        company.partner_id.email = f'info@{DOMAIN}'
        domain = env['mail.alias.domain'].search([('name', '=', DOMAIN)])
        if not domain:
            domain = env['mail.alias.domain'].create({'name': DOMAIN})
        company.alias_domain_id = domain
        calendar = env['resource.calendar'].search([('name', '=', "Benchmark")]) or make_calendar(
            env
        )
        client = env['res.partner'].search([('name', '=', "Client Ltd")]) or env[
            'res.partner'
        ].create(
            {
                'name': "Client Ltd",
                'is_company': True,
                'child_ids': [
                    Command.create({'name': "Known Sender", 'email': 'known@client.example'})
                ],
            }
        )
        agents = env['res.users'].with_context(no_reset_password=True)
        agent = agents.search([('login', '=', 'bench_agent')]) or agents.create(
            {
                'login': 'bench_agent',
                'name': "Agent",
                'email': 'agent@' + DOMAIN,
                'tz': 'Europe/Warsaw',
                'notification_type': 'email',
            }
        )
        agent.group_ids |= env.ref(self.group)
        self.ids = {
            'agent': agent.id,
            'customer': client.child_ids.id,
            'calendar': calendar.id,
        }
        self._set_up(env)

    def _set_up(self, env):
        """Create what this product needs beyond that."""

    def values(self, number):
        """Return what the agent enters for a ticket."""
        raise NotImplementedError

    def stage_values(self, started):
        """Return what is written when work on a ticket starts, or is put back."""
        raise NotImplementedError

    @property
    def alias(self):
        """The address whose e-mails become tickets."""
        return f'{self.name}@{DOMAIN}'


def make_calendar(env):
    """Return Monday to Friday 9 to 18 with ten closures in each of five years."""
    calendar = env['resource.calendar'].create(
        {
            'name': "Benchmark",
            'tz': 'Europe/Warsaw',
            'company_id': env.company.id,
            'attendance_ids': [Command.clear()]
            + [
                Command.create(
                    {
                        'name': "Open",
                        'dayofweek': str(day),
                        'hour_from': 9,
                        'hour_to': 18,
                        'day_period': 'morning',
                    }
                )
                for day in range(5)
            ],
        }
    )
    this_year = datetime.now().year
    env['resource.calendar.leaves'].create(
        [
            {
                'name': "Holiday",
                'calendar_id': calendar.id,
                'company_id': env.company.id,
                'date_from': day
                - timedelta(hours=1),  # midnight in Warsaw, give or take summer time
                'date_to': day + timedelta(hours=23),
            }
            for year in range(this_year - 2, this_year + 3)
            for month, number in CLOSURES
            for day in [datetime.combine(datetime(year, month, number), time())]
        ]
    )
    return calendar


class Ours(Product):
    name = 'ours'
    label = "this product"
    model = 'helpdesk.ticket'
    database = 'ours'
    group = 'helpdesk_sla.group_helpdesk_user'

    def _set_up(self, env):
        stages = env['helpdesk.team']._default_stage_ids()
        stages.template_id = False
        team = env['helpdesk.team'].create(
            {
                'name': "Support",
                'alias_name': self.name,
                'member_ids': [Command.set([self.ids['agent']])],
                'resource_calendar_id': self.ids['calendar'],
                'stage_ids': [Command.set(stages.ids)],
            }
        )
        progress, solved = (
            env.ref(f'helpdesk_sla.stage_{name}') for name in ('in_progress', 'solved')
        )
        policies = env['helpdesk.sla'].create(
            [
                {
                    'name': name,
                    'target': target,
                    'stage_id': stage and stage.id,
                    'time': hours,
                    'team_ids': [Command.set(team.ids)],
                }
                for name, target, stage, hours in (
                    ("First response", 'first_response', False, 1),
                    ("In progress", 'stage', progress, 4),
                    ("Solved in two days", 'resolution', False, 18),
                    ("Solved in a week", 'resolution', False, 45),
                )
            ]
        )
        self.ids |= {
            'team': team.id,
            'policies': policies.ids,
            'new': env.ref('helpdesk_sla.stage_new').id,
            'progress': progress.id,
            'waiting': env.ref('helpdesk_sla.stage_awaiting_customer').id,
            'solved': solved.id,
        }

    def values(self, number):
        return {
            'name': f"Order confirmation is not sent ({number})",
            'description': LETTER,
            'team_id': self.ids['team'],
            'partner_id': self.ids['customer'],
            'user_id': self.ids['agent'],
            'priority': '2',
            'channel': 'phone',
        }

    def stage_values(self, started):
        return {'stage_id': self.ids['progress' if started else 'new']}


class Oca(Product):
    name = 'oca'
    label = "OCA helpdesk_mgmt + helpdesk_mgmt_sla"
    model = 'helpdesk.ticket'
    database = 'oca'
    group = 'helpdesk_mgmt.group_helpdesk_user'

    def _set_up(self, env):
        env['helpdesk.ticket.stage'].search([]).mail_template_id = False
        team = env['helpdesk.ticket.team'].create(
            {
                'name': "Support",
                'alias_name': self.name,
                'user_ids': [Command.set([self.ids['agent']])],
                'use_sla': True,
                'resource_calendar_id': self.ids['calendar'],
            }
        )
        progress, waiting, done = (
            env.ref(f'helpdesk_mgmt.helpdesk_ticket_stage_{name}')
            for name in ('in_progress', 'awaiting', 'done')
        )
        policies = env['helpdesk.sla'].create(
            [
                {
                    'name': name,
                    'stage_id': stage.id,
                    'hours': hours,
                    'team_ids': [Command.set(team.ids)],
                    'ignore_stage_ids': [Command.set(waiting.ids)],
                }
                for name, stage, hours in (
                    ("First response", progress, 1),
                    ("In progress", progress, 4),
                    ("Solved in two days", done, 18),
                    ("Solved in a week", done, 45),
                )
            ]
        )
        self.ids |= {
            'team': team.id,
            'policies': policies.ids,
            'new': env.ref('helpdesk_mgmt.helpdesk_ticket_stage_new').id,
            'progress': progress.id,
            'waiting': waiting.id,
            'solved': done.id,
            'channel': env.ref('helpdesk_mgmt.helpdesk_ticket_channel_phone').id,
        }

    def values(self, number):
        return {
            'name': f"Order confirmation is not sent ({number})",
            'description': LETTER,
            'team_id': self.ids['team'],
            'partner_id': self.ids['customer'],
            'user_id': self.ids['agent'],
            'priority': '2',
            'channel_id': self.ids['channel'],
        }

    def stage_values(self, started):
        return {'stage_id': self.ids['progress' if started else 'new']}


class Task(Product):
    name = 'task'
    label = "stock project.task"
    model = 'project.task'
    database = 'stock'
    group = 'project.group_project_user'

    def _set_up(self, env):
        stages = env['project.task.type'].create(
            [
                {'name': name, 'sequence': number, 'fold': name == "Done"}
                for number, name in enumerate(("New", "In Progress", "Awaiting", "Done"))
            ]
        )
        project = env['project.project'].create(
            {
                'name': "Support",
                'alias_name': self.name,
                'privacy_visibility': 'employees',
                'type_ids': [Command.set(stages.ids)],
            }
        )
        self.ids |= {
            'team': project.id,
            **dict(zip(('new', 'progress', 'waiting', 'solved'), stages.ids)),
        }

    def values(self, number):
        return {
            'name': f"Order confirmation is not sent ({number})",
            'description': LETTER,
            'project_id': self.ids['team'],
            'partner_id': self.ids['customer'],
            'user_ids': [Command.set([self.ids['agent']])],
            'priority': '1',
        }

    def stage_values(self, started):
        return {'stage_id': self.ids['progress' if started else 'new']}


class Thread(Product):
    name = 'thread'
    label = "bare mail.thread record"
    model = 'bench.thread'
    database = 'stock'

    def _set_up(self, env):
        env['mail.alias'].create(
            {
                'alias_name': self.name,
                'alias_domain_id': env.company.alias_domain_id.id,
                'alias_model_id': env['ir.model']._get_id(self.model),
            }
        )

    def values(self, number):
        return {
            'name': f"Order confirmation is not sent ({number})",
            'partner_id': self.ids['customer'],
            'user_id': self.ids['agent'],
        }

    def stage_values(self, started):
        return {'stage': 'progress' if started else 'new'}


class Hypercare(Ours):
    name = 'hypercare'
    label = "this product with windows after go-lives"
    database = 'hypercare'


class TimeOnTicket(Ours):
    name = 'ticket_time'
    label = "time on a ticket of this product"
    database = 'billing'
    time_field = 'helpdesk_ticket_id'

    def _set_up(self, env):
        super()._set_up(env)
        sell_pack(env, self.ids)
        env['helpdesk.team'].browse(self.ids['team']).use_helpdesk_sale_timesheet = True


class TimeOnTask(Task):
    name = 'task_time'
    label = "time on a stock task"
    database = 'billing'
    time_field = 'task_id'

    def _set_up(self, env):
        super()._set_up(env)
        line = sell_pack(env, self.ids)
        project = env['project.project'].browse(self.ids['team'])
        project.write({
            'allow_timesheets': True,
            'allow_billable': True,
            'partner_id': line.order_partner_id.id,
            'sale_line_id': line.id,
        })


def sell_pack(env, ids):
    """Return an order line of prepaid hours for the client, and give the agent an employee."""
    agent = env['res.users'].browse(ids['agent'])
    agent.group_ids |= env.ref('hr_timesheet.group_hr_timesheet_user')
    if not agent.employee_ids:
        env['hr.employee'].create({'name': agent.name, 'user_id': agent.id, 'hourly_cost': 40})
    product = env['product.product'].create({
        'name': "Hours",
        'type': 'service',
        'invoice_policy': 'order',
        'service_type': 'timesheet',
        'service_tracking': 'no',
        'uom_id': env.ref('uom.product_uom_hour').id,
        'taxes_id': False,
    })
    order = env['sale.order'].create({
        'partner_id': env['res.partner'].browse(ids['customer']).parent_id.id,
        'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 1_000_000})],
    })
    order.action_confirm()
    return order.order_line


PRODUCTS = {
    product.name: product
    for product in (Ours, Oca, Task, Thread, Hypercare, TimeOnTicket, TimeOnTask)
}
