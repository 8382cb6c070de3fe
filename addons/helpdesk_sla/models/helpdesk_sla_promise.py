from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.working_time import PAUSED


class HelpdeskSlaPromise(models.AbstractModel):
    """ What the customer is told of the SLA of a ticket (requirements W12).

    By when there will be an answer and a solution, or because of whom the clock stands still:
    neither the names of policies and colleagues nor what they noted for each other.
    """

    _name = 'helpdesk.sla.promise'
    _description = "SLA of a Ticket as the Customer reads it"

    def _get_portal_promises(self):
        """ Return what the customer was promised, for the portal and the mails.

        :return: one dict a promise, what is owed next first: `label`, `target`, `state` (as of the
            status), `is_over`, `deadline`, `reached_date` and `paused_since` (naive UTC, or False),
            `pause` (see `_get_portal_pause`) and the `status` itself, as superuser
        :rtype: list[dict]
        """
        self.ensure_one()
        now = fields.Datetime.now()
        # sudo: helpdesk.sla.status, helpdesk.sla.pause - the promise is made to the customer, who
        # sees this ticket
        ticket = self.sudo()
        statuses = ticket.sla_status_ids.filtered(
            lambda status: status.result not in ('cancelled', 'superseded'),
        )
        # from the ticket, not from its statuses: for all the tickets of a list at once
        pauses = ticket.sla_pause_ids.filtered(
            lambda pause: not pause.date_to or pause.date_to > now,
        )
        latest = {status.sla_id or status: status for status in statuses.sorted('cycle')}
        # of several promises of the same thing the customer sees the one that comes first
        promises = {}
        for status in sorted(latest.values(), key=lambda status: (
            bool(status.result), not status.deadline, status.deadline,
        )):
            if status.result:
                # that an earlier message was answered says nothing of what is owed now
                is_told = status.target != 'next_response'
            else:
                # working hours that contain none promise nothing
                is_told = status.deadline or status.paused_since
            if is_told:
                promises.setdefault((status.target, status.stage_id), {
                    'label': self._get_portal_promise_label(status),
                    'target': status.target,
                    'state': status.state,
                    'is_over': bool(status.result),
                    'deadline': status.deadline,
                    'reached_date': status.reached_date,
                    'paused_since': status.paused_since,
                    'pause': self._get_portal_pause(status, pauses, now),
                    'status': status,
                })
        return list(promises.values())

    @api.model
    def _get_portal_promise_domain(self, look):
        """ Return the domain of the open tickets with a promise in danger.

        :param str look: 'late': past its date; 'soon': about to be
        :rtype: Domain
        """
        now = fields.Datetime.now()
        domain = Domain('result', '=', False)
        if look == 'late':
            domain &= Domain('deadline', '<', now)
        else:
            domain &= Domain('deadline', '>=', now) & Domain('warning_date', '<=', now)
        # sudo: helpdesk.sla.status - the promises are made to the customer, who sees the tickets
        statuses = self.env['helpdesk.sla.status'].sudo()._search(domain)
        return Domain('is_closed', '=', False) & Domain('id', 'in', statuses.subselect(
            SQL.identifier('helpdesk_sla_status', 'ticket_id'),
        ))

    def _get_portal_promise_label(self, status):
        """ Return what is promised, before the date of what is owed, else before what became of it.

        :param status: the helpdesk.sla.status, as superuser
        :rtype: str
        """
        if status.target == 'resolution':
            return self.env._("Solution") if status.result else self.env._("We solve it by")
        if status.target == 'first_response' and status.result:
            return self.env._("First answer")
        if status.target in ('first_response', 'next_response'):
            return self.env._("We answer by")
        stage = status.stage_id.name or status.name
        return stage if status.result else self.env._("%(stage)s by", stage=stage)

    def _get_next_portal_promise(self):
        """ Return the promise that is owed next, see `_get_portal_promises`; None without one. """
        return next(
            (promise for promise in self._get_portal_promises() if not promise['is_over']), None,
        )

    def _get_portal_pause(self, status, pauses, now):
        """ Return because of what a promise stands still now, as the customer may know it.

        :param status: the helpdesk.sla.status, as superuser
        :param pauses: the helpdesk.sla.pause of the ticket that have not ended
        :param datetime now: naive UTC
        :return: `kind`, `since`, `until` (False while nobody knows) and `reason`; False when the
            clock runs
        :rtype: dict | bool
        """
        pauses = pauses.filtered(
            lambda pause: not status.result and status._is_paused_by(pause.kind)
            # planned without an end: that there is no deadline is true today already
            and (pause.date_from <= now or (not status.deadline and not pause.date_to)),
        )
        # of several the one that the customer can end
        pause = pauses.sorted(lambda pause: pause.kind not in ('key_user', 'customer'))[:1]
        return bool(pause) and {
            'kind': pause.kind,
            'since': pause.date_from,
            'until': pause.date_to,
            # what is noted of third parties and maintenance is for colleagues
            'reason': pause.is_manual and pause.kind == 'customer' and pause.reason,
        }

    def _describe_portal_promise(self, promise, tz=None, short=False):
        """ Return how a promise stands, in whole sentences of the reader's language.

        :param dict promise: see `_get_portal_promises`
        :param str tz: the reader's zone, when it is known better than from the ticket
        :param bool short: for a list: without the history
        :return: `look` ('reached', 'late', 'paused', 'running'), `text` and `details`
        :rtype: dict
        """
        self.ensure_one()
        in_short = partial(self._format_customer_datetime, tz=tz, short=True)
        in_full = in_short if short else partial(self._format_customer_datetime, tz=tz)
        deadline, pause = promise['deadline'], promise['pause']
        if promise['state'] == 'reached':
            look, text, details = 'reached', self.env._("Done in time"), []
        elif promise['is_over']:
            look, details = 'over', []
            text = (
                self.env._("Done, but late") if promise['reached_date'] else self.env._("Not kept")
            )
            if deadline:
                details.append(self.env._("Promised by %s", in_short(deadline)))
        elif promise['state'] == 'failed':
            look, text = 'late', in_full(deadline)
            details = [self.env._("We are late. We are sorry.")]
        elif pause and not deadline:
            look, text = 'paused', self._get_portal_pause_texts()[pause['kind']]
            details = [self.env._("Since %s", in_short(pause['since']))]
            if pause['reason']:
                details.append(pause['reason'])
        else:
            look, text, details = 'running', in_full(deadline), []
            if pause:
                details.append(self._get_portal_pause_texts()[pause['kind']])
                details.append(self.env._("Until %s", in_short(pause['until'])))
        if not short:
            details += self._describe_portal_pauses(promise['status'])
        return {'look': look, 'text': text, 'details': details}

    def _get_portal_pause_texts(self):
        """ Return what the customer reads while a clock stands still, by kind of pause. """
        return {
            'customer': self.env._("Paused: we wait for your answer"),
            'third_party': self.env._("Paused: we wait for a third party"),
            'maintenance': self.env._("Paused: planned maintenance"),
            'solved': self.env._("Paused: the ticket is closed"),
            'key_user': self.env._("With your key user, who answers it or passes it on to us"),
        }

    def _describe_portal_pauses(self, status):
        """ Return by how much working time finished pauses have moved a promise, and why.

        :param status: the helpdesk.sla.status, as superuser
        :rtype: list[str]
        """
        end = status.end_date if status.result else fields.Datetime.now()
        working_time = status._get_working_time()
        texts = {
            'customer': self.env._("It was paused for %s of working time: we waited for you."),
            'third_party': self.env._(
                "It was paused for %s of working time: we waited for a third party.",
            ),
            'maintenance': self.env._(
                "It was paused for %s of working time: planned maintenance.",
            ),
            'key_user': self.env._(
                "It was with your key user for %s of working time.",
            ),
        }
        pauses = status._get_counted_pauses().filtered(
            lambda pause: pause.date_to and pause.date_to <= end and pause.kind in texts,
        )
        segments = working_time.segments(
            status.start_date, max(end, status.start_date),
            [(pause.date_from, pause.date_to, pause.kind) for pause in pauses],
        )
        minutes = dict.fromkeys(texts, 0)
        for segment in segments:
            # whatever overlaps is counted once
            if segment.kind == PAUSED:
                minutes[segment.label] += working_time.between(segment.start, segment.stop) / 60
        return [
            texts[kind] % self.env._(
                "%(hours)d h %(minutes)02d min", hours=total // 60, minutes=total % 60,
            )
            for kind, total in minutes.items() if total >= 1
        ]

    def _get_promise_agreement_name(self):
        """ Return the name of the agreement that holds the promises; a hook. """
        return ''
