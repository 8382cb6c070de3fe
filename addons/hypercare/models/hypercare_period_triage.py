import logging
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.helpdesk_sla.tools.each import do_each

_logger = logging.getLogger(__name__)

# how many tickets a list of the daily mail shows; the count says how many there are
MAIL_LINES = 5
MAIL_HEADERS = {'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'OOF, AutoReply'}


class HypercarePeriod(models.Model):
    """ The daily triage of a window: a list for the stand-up, and a mail in the morning. """

    _inherit = 'hypercare.period'

    triage_mail_supervisor = fields.Boolean(
        string="Daily Mail to the Supervisor", default=True,
    )
    triage_mail_coordinator = fields.Boolean(
        string="Daily Mail to the Coordinator", default=True,
        help="The client's coordinator gets it only on days on which there is something to say.",
    )
    triage_mail_hour = fields.Float(
        string="Sent at", default=8.0, required=True,
        help="In the time zone of the window, on the working days of the team.",
    )
    triage_mail_day = fields.Date(
        string="Last Daily Mail", readonly=True, copy=False,
        help="The last day for which the daily mail was sent.",
    )

    _triage_mail_hour_of_day = models.Constraint(
        # the job runs each hour: one that is due later would be looked at on the next day only
        'CHECK (triage_mail_hour >= 0 AND triage_mail_hour <= 23)',
        "The daily mail is sent at a time of the day, from 00:00 to 23:00.",
    )

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'triage_mail_day'}

    # === ACTION METHODS === #

    def action_view_triage(self):
        """ Open the open tickets of the window as the stand-up reads them. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'hypercare.helpdesk_ticket_action_triage',
        )
        action['domain'] = [('hypercare_id', '=', self.id)]
        action['context'] = {'search_default_open': 1, 'create': False}
        return action

    # === BUSINESS METHODS === #

    def _get_triage_open_domain(self):
        """ Return the tickets of the windows that somebody of ours has to go on with. """
        return (
            Domain('hypercare_id', 'in', self.ids)
            & Domain('is_closed', '=', False)
            & Domain('key_user_state', '!=', 'waiting')
        )

    def _is_triage_mail_due(self):
        """ Return whether the mail of today has to go out now.

        Never that of a day that is over: a job that did not run yesterday sends today's only.
        """
        self.ensure_one()
        today = self._get_today()
        if (
            self.state != 'running' or (self.triage_mail_day and self.triage_mail_day >= today)
            or not (self.triage_mail_supervisor or self.triage_mail_coordinator)
            or (self.golive_date and today < self.golive_date)
            or (self.date_end and today > self.date_end)
        ):
            return False
        clock = (datetime.min + timedelta(hours=self.triage_mail_hour)).time()
        if self._to_local(fields.Datetime.now()).time() < clock:
            return False
        return self._is_triage_working_day(today)

    def _is_triage_working_day(self, day):
        """ Return whether the team works on a day of the window. """
        self.ensure_one()
        begin, end = self._get_day_bounds(day)
        # sudo: helpdesk.team - its working time only
        return self.team_id.sudo()._get_triage_timeline().between(begin, end) > 0

    def _get_triage_mail_since(self):
        """ Return since when tickets are new in the mail of today, as naive UTC. """
        self.ensure_one()
        team_sudo = self.team_id.sudo()
        return team_sudo._get_triage_since(team_sudo._get_triage_today())

    def _get_triage_tickets(self):
        """ Return what the daily mails tell, for all windows with a number of queries that is the
        same for one and for a hundred.

        :return: by window: tickets by the name of the list, and `open`; as superuser
        :rtype: dict[hypercare.period, dict[str, helpdesk.ticket]]
        """
        # sudo: helpdesk.ticket - each reader gets only what he or she may read, see `_send_triage`
        tickets_sudo = self.env['helpdesk.ticket'].sudo()
        open_tickets = tickets_sudo.search(self._get_triage_open_domain())
        since = {period: period._get_triage_mail_since() for period in self}
        new_tickets = tickets_sudo.search(
            Domain('hypercare_id', 'in', self.ids)
            & Domain('key_user_state', '!=', 'waiting')
            & Domain('open_date', '>=', min(since.values(), default=fields.Datetime.now())),
        )
        open_by_period = open_tickets.grouped('hypercare_id')
        new_by_period = new_tickets.grouped('hypercare_id')
        result = {}
        for period in self:
            of_period = open_by_period.get(period.sudo(), tickets_sudo)
            result[period] = {
                'open': of_period,
                'new': new_by_period.get(period.sudo(), tickets_sudo).filtered(
                    lambda ticket, since=since[period]: ticket.open_date >= since,
                ).sorted(lambda ticket: (ticket.open_date, ticket.id), reverse=True),
                'promised': of_period.filtered('is_triage_promised').sorted('sla_deadline'),
                'late': of_period.filtered(
                    lambda ticket: ticket.sla_state == 'breached' and not ticket.is_triage_promised,
                ).sorted('sla_deadline'),
                'blocked': of_period.filtered('is_triage_blocked').sorted('open_date'),
                'customer': of_period.filtered(
                    lambda ticket: ticket.stage_type == 'customer',
                ).sorted('open_date'),
                'third_party': of_period.filtered(
                    lambda ticket: ticket.stage_type == 'third_party',
                ).sorted('open_date'),
                'quick_fix': of_period.filtered('is_quick_fix').sorted(
                    lambda ticket: (not ticket.sla_deadline, ticket.sla_deadline or 0, ticket.id),
                ),
                'unassigned': of_period.filtered(lambda ticket: not ticket.user_id),
                'oldest': of_period.sorted(lambda ticket: (ticket.open_date, ticket.id)),
            }
        return result

    # === MAIL METHODS === #

    def _get_triage_groups(self):
        """ Return the lists of the daily mail that is being written, in the reader's language.

        Called by the templates; the tickets and the reader are in the context.

        :return: dicts with `title`, `count` (0: not told), `lines` and `more`; empty lists are
            left out
        :rtype: list[dict]
        """
        self.ensure_one()
        tickets = self.env.context.get('triage_tickets') or {}
        counts = self.env.context.get('triage_counts') or {}
        groups, told = [], self.env['helpdesk.ticket'].sudo()
        for name, title in self._get_triage_titles():
            listed = tickets.get(name, told.browse())
            count = counts.get(name, 0)
            if name == 'oldest':
                # every open ticket is among them: only those that no list above has shown
                listed = (listed - told)[:MAIL_LINES]
                count = len(listed)
            if not count:
                continue
            lines = listed[:MAIL_LINES]
            told |= lines
            groups.append({
                'title': title,
                'count': count if name != 'oldest' else 0,
                'lines': [self._prepare_triage_line(ticket) for ticket in lines],
                # counts and lists differ: the lists have only what the reader may open
                'more': count - len(lines),
            })
        return groups

    def _get_triage_titles(self):
        """ Return the lists of the mail that is being written: what is due first comes first. """
        if self.env.context.get('triage_reader') == 'coordinator':
            return [
                ('customer', self.env._("Waiting for your answer")),
                ('promised', self.env._("Promised for today")),
                ('new', self.env._("New since the last working day")),
                ('third_party', self.env._("Waiting for somebody else")),
                ('quick_fix', self.env._("Corrections of settings, reports and forms")),
                ('oldest', self.env._("Open the longest")),
            ]
        return [
            ('late', self.env._("Past their deadline")),
            ('promised', self.env._("Promised today")),
            ('unassigned', self.env._("Nobody has taken them")),
            ('new', self.env._("New since the last working day")),
            ('blocked', self.env._("Held up by others")),
            ('quick_fix', self.env._("Quick fixes")),
            ('oldest', self.env._("Oldest")),
        ]

    def _prepare_triage_line(self, ticket):
        """ Return what the mail says of one ticket. """
        is_client = self.env.context.get('triage_reader') == 'coordinator'
        ticket = ticket.with_env(self.env(su=True))
        details = [
            self.env._("since %(date)s", date=self._format_triage_date(ticket.open_date)),
            ticket.stage_id.name,
        ]
        if not is_client:
            details.append(ticket.user_id.name or self.env._("unassigned"))
        deadline = False
        if ticket.sla_deadline and not ticket.is_closed:
            deadline = ticket._format_customer_datetime(
                ticket.sla_deadline, tz=self.env.context.get('tz'), short=True,
            )
        return {
            'name': ticket.name,
            'ref': ticket.ticket_ref,
            'url': ticket.get_base_url() + (
                # without a token: whoever gets the mail forwarded is asked to log in
                ticket.access_url if is_client else f'/odoo/all-tickets/{ticket.id}'
            ),
            'details': " · ".join(filter(None, details)),
            'deadline': deadline,
            'is_late': ticket.sla_state == 'breached',
        }

    def _format_triage_date(self, moment):
        """ Return the day of a moment, where the window is. """
        return format_date(self.env, self._get_day(moment))

    def _get_triage_mail_link(self):
        """ Return where the reader of the mail that is being written goes on. """
        self.ensure_one()
        if self.env.context.get('triage_reader') == 'coordinator':
            return f'{self.get_base_url()}/my/hypercare/{self.id}'
        return f'{self.get_base_url()}/odoo/hypercare-triage'

    def _get_triage_mail_sender(self):
        """ Return the From of the daily mail: the supervisor, else the company. """
        self.ensure_one()
        return (
            self.user_id.email_formatted or self.company_id.email_formatted
            or self.env.user.email_formatted
        )

    def _get_triage_readers(self):
        """ Return who gets the mail: the name of the reader and the partner. """
        self.ensure_one()
        readers = []
        if self.triage_mail_supervisor and self.user_id.active and self.user_id.email:
            readers.append(('supervisor', self.user_id.partner_id))
        if (
            self.triage_mail_coordinator and self.coordinator_id.active
            and self.coordinator_id.email
        ):
            readers.append(('coordinator', self.coordinator_id))
        return readers

    def _get_triage_readable(self, reader, partner, tickets):
        """ Return the tickets that the reader may open, by the name of the list.

        :param str reader: 'supervisor' or 'coordinator'
        :param partner: the res.partner
        :param dict tickets: see `_get_triage_tickets`
        """
        user = self.user_id if reader == 'supervisor' else partner.user_ids.filtered('active')[:1]
        everything = self.env['helpdesk.ticket'].sudo().union(*tickets.values())
        if not user:
            # nobody to log in: the numbers are told, the tickets cannot be opened
            readable = everything.browse()
        else:
            readable = everything.browse(
                everything.with_user(user).with_context(
                    allowed_company_ids=user.company_ids.ids,
                )._filtered_access('read').ids,
            )
        return {name: of_list & readable for name, of_list in tickets.items()}

    def _send_triage(self, tickets):
        """ Send the mails of today for one window, each reader his or her own, and note the day.

        :param dict tickets: see `_get_triage_tickets`
        """
        self.ensure_one()
        for reader, partner in self._get_triage_readers():
            if reader == 'coordinator' and not (tickets['open'] or tickets['new']):
                continue
            template = self.env.ref(
                f'hypercare.mail_template_triage_{reader}', raise_if_not_found=False,
            )
            if not template:
                continue
            template.with_context(
                tz=partner.tz or self.tz,
                triage_reader=reader,
                triage_tickets=self._get_triage_readable(reader, partner, tickets),
                triage_counts={name: len(of_list) for name, of_list in tickets.items()},
            ).send_mail(
                self.id,
                email_values={'headers': repr(MAIL_HEADERS)},
                email_layout_xmlid='helpdesk_sla.mail_layout_customer',
            )
        # sudo: hypercare.period - kept by the system
        self.sudo().triage_mail_day = self._get_today()

    # === CRON METHODS === #

    @api.model
    def _cron_triage_mail(self, batch_size=50):
        """ Send the daily mails that are due, once per window and day.

        Looked at each hour, as windows have mornings of their own. That a mail was sent is kept
        with the mail itself, so that a second run finds nothing to do.
        """
        domain = Domain('state', '=', 'running') & (
            Domain('triage_mail_supervisor', '=', True)
            | Domain('triage_mail_coordinator', '=', True)
        )
        due = self.search(domain, order='id').filtered(lambda period: period._is_triage_mail_due())
        ids = due.ids
        self.env['ir.cron']._commit_progress(remaining=len(ids))
        while ids:
            batch, ids = self.browse(ids[:batch_size]), ids[batch_size:]
            # one that somebody works on now gets its mail in the next run
            periods = batch.exists().try_lock_for_update(allow_referencing=True).filtered(
                lambda period: period._is_triage_mail_due(),
            )
            tickets = periods._get_triage_tickets()
            for period in periods:
                do_each(
                    period, lambda one, tickets=tickets: one._send_triage(tickets[one]),
                    _logger, "The daily mail of %s could not be written",
                )
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=len(ids)):
                break
