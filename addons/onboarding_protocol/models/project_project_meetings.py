from collections import defaultdict

from odoo import fields, models
from odoo.tools import format_date

from ..tools.dues import CLIENT, US, Due

# How many meetings that were held the portal shows: with one every two weeks, two years.
PORTAL_MEETINGS = 50
# How many names a line of what is owed tells.
NAMES = 5


class ProjectProject(models.Model):
    """ Meetings and training of an implementation (P1, P5, P7). """

    _inherit = 'project.project'

    meeting_ids = fields.One2many(
        comodel_name='calendar.event', inverse_name='implementation_id', string="Meetings",
    )

    # === ACTION METHODS === #

    def action_view_meetings(self):
        """ Open the meetings of the implementation in the calendar. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'onboarding_protocol.implementation_meeting_action',
            ),
            'domain': [('implementation_id', '=', self.id)],
            'context': {'default_implementation_id': self.id},
        }

    # === CRUD METHODS === #

    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'meeting_ids'}

    # === GATES === #

    def _search_meetings(self, kinds):
        """ Return the meetings of some kinds that are not cancelled, the earliest first.

        :rtype: dict[project.project, calendar.event]
        """
        # sudo: calendar.event - a gate counts what is there, whoever asks
        meetings = self.env['calendar.event'].sudo().search([
            ('implementation_id', 'in', self.ids), ('implementation_meeting', 'in', list(kinds)),
        ], order='start, id')
        result = defaultdict(meetings.browse)
        result.update(meetings.grouped('implementation_id'))
        return result

    def _get_meeting_due(self, meeting, text):
        """ Return that a meeting is owed, by the day for which it is planned. """
        self.ensure_one()
        return Due(
            text, US, owner=self.user_id.name or '', date=meeting and self._get_day(meeting.start),
        )

    def _gate_meeting_held(self, kind, text):
        """ One meeting of the kind was held. """
        meetings = self._search_meetings([kind])
        return defaultdict(list, {
            project: [project._get_meeting_due(meetings[project][:1], text)]
            for project in self
            if not any(meetings[project].mapped('is_held'))
        })

    def _gate_scope_meeting(self, _phase):
        """ The scope meeting was held (P1). """
        return self._gate_meeting_held('scope', self.env._("Scope meeting"))

    def _gate_follow_up_held(self, _phase):
        """ The follow-up meeting was held (P7). """
        return self._gate_meeting_held('follow_up', self.env._("Follow-up meeting"))

    def _gate_training_held(self, _phase):
        """ A training was held, and what the success plan says was shown in one of them (P5). """
        result = self._gate_meeting_held('training', self.env._("Training"))
        # sudo: implementation.training.check - as above
        checks = self.env['implementation.training.check'].sudo().search([
            ('project_id', 'in', self.ids), ('meeting_id.active', '=', True),
        ])
        by_project = defaultdict(checks.browse, checks.grouped('project_id'))
        for project in self:
            if result[project]:
                # the check is part of it
                continue
            names = list(dict.fromkeys(by_project[project].mapped('name')))
            shown = set(by_project[project].filtered(
                lambda check: check.done and check.meeting_id.is_held,
            ).mapped('name'))
            missing = [name for name in names if name not in shown]
            if missing:
                text = self.env._(
                    "Check of the training against the success plan, %(count)s of %(total)s lines "
                    "are open: %(names)s",
                    count=len(missing), total=len(names),
                    names=', '.join(missing[:NAMES]) + (', …' if len(missing) > NAMES else ''),
                )
            elif not names:
                text = self.env._("Check of the training against the success plan")
            else:
                continue
            result[project].append(Due(text, US, owner=project.user_id.name or ''))
        return result

    def _gate_knowledge_transferred(self, _phase):
        """ Knowledge was transferred in a meeting, and none that is planned is left (T1). """
        result = defaultdict(list)
        meetings = self._search_meetings(['knowledge'])
        for project in self:
            if not meetings[project]:
                result[project].append(project._get_meeting_due(
                    False, self.env._("Knowledge transfer meeting"),
                ))
            for meeting in meetings[project].filtered(lambda meeting: not meeting.is_held):
                result[project].append(project._get_meeting_due(meeting, self.env._(
                    "Knowledge transfer meeting “%(meeting)s”", meeting=meeting.name,
                )))
        return result

    # === TRAINING === #

    def _prepare_training_checks(self):
        """ Return what a training has to show, in order.

        By default what is tested; the success plan puts its lines instead or on top (`super()`).

        :return: for each implementation the values of its `implementation.training.check` rows,
            at least `name`
        :rtype: dict[project.project, list[dict]]
        """
        result = {project: [] for project in self}
        # sudo: implementation.test - who plans a training need not run the tests
        for test in self.env['implementation.test'].sudo().search([
            ('project_id', 'in', self.ids),
        ]):
            result[test.project_id].append({'name': test.subject or test.name})
        return result

    # === WHAT IS OWED === #

    def _get_dues(self):
        """ Add the meetings, the minutes of those that are over, and what was promised in them. """
        dues = super()._get_dues()
        gates = self._get_gates_ahead()
        for kind in ('scope_meeting', 'training_held', 'follow_up_held', 'knowledge_transferred'):
            if kind in gates:
                dues += getattr(self, f'_gate_{kind}')(gates[kind])[self]
        return dues + self._get_minutes_dues() + self._get_task_dues()

    def _get_minutes_dues(self):
        """ Return the minutes of meetings that are over and nobody said were held. """
        # sudo: calendar.event - the client sees what we owe as well
        meetings = self.env['calendar.event'].sudo().search([
            ('implementation_id', '=', self.id), ('is_held', '=', False),
            ('stop', '<', fields.Datetime.now()),
        ], order='start, id')
        return [
            self._get_meeting_due(
                meeting, self.env._("Minutes of “%(meeting)s”", meeting=meeting.name),
            )
            for meeting in meetings
        ]

    def _get_task_dues(self):
        """ Return the open tasks of the client, and those that were promised in a meeting.

        Those of an earlier phase are owed already, because the gate of a later one waits for them.
        """
        last = self.phase_ids.sorted()[-1:]
        # sudo: project.task - only these: other tasks are internal
        tasks = self.env['project.task'].sudo().search([
            ('project_id', '=', self.id), ('is_closed', '=', False),
            ('has_template_ancestor', '=', False),
            ('phase_id', 'in', [False, *last.ids]),
            '|', ('is_client_task', '=', True), ('action_item_ids', '!=', False),
        ])
        return [
            Due(
                task.name,
                CLIENT if task.is_client_task else US,
                owner=(
                    task.action_item_ids.partner_id[:1].name
                    or (task.is_client_task and self.coordinator_id.name)
                    or ', '.join(task.user_ids.mapped('name'))
                ),
                date=task.date_deadline and task.date_deadline.date(),
            )
            for task in tasks
        ]

    # === AGENDA === #

    def _get_client_lang(self):
        """ Return the language in which the client reads agendas and invitations. """
        self.ensure_one()
        return self.coordinator_id.lang or self.partner_id.lang or self.env.lang

    def _get_agenda_dues(self):
        """ Return the open points that a meeting talks about. """
        self.ensure_one()
        return sorted(self._get_dues(), key=Due.get_order)

    def _format_agenda_point(self, due):
        """ Return an open point as a line of text. """
        self.ensure_one()
        details = [due.owner, due.date and format_date(self.env, due.date)]
        details = ', '.join(filter(None, details))
        if not details:
            return due.text
        return self.env._("%(point)s (%(details)s)", point=due.text, details=details)

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        """ Add the meetings: those to come, and those that were held. """
        values = super()._get_portal_page_values(partner)
        # sudo: calendar.event - of an implementation that the visitor follows
        meetings = self.env['calendar.event'].sudo()
        domain = [('implementation_id', '=', self.id)]
        return {
            **values,
            'coming_meetings': meetings.search(
                [*domain, ('is_held', '=', False), ('stop', '>=', fields.Datetime.now())],
                order='start, id',
            ),
            'held_meetings': meetings.search(
                [*domain, ('is_held', '=', True)], order='start desc, id desc',
                limit=PORTAL_MEETINGS,
            ),
        }
