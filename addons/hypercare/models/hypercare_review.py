import hashlib
import json
import logging
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date, format_time

from odoo.addons.helpdesk_sla.tools.each import do_each

_logger = logging.getLogger(__name__)

MEETING_LENGTH = timedelta(hours=1)
# how many days before the meeting the figures of the agenda are brought up to date
AGENDA_DAYS = 1
# what the client signed
SIGNED_FIELDS = {
    'period_id', 'active', 'date_planned', 'exception_reason', 'attendee_ids', 'agenda', 'item_ids',
}


class HypercareReview(models.Model):
    """ The joint review of a window with the client (requirements G6).

    What works stably, what has to be refined, what comes in the next iteration. The client's
    coordinator signs it off in the portal, and from then on it does not change.
    """

    _name = 'hypercare.review'
    _description = "Hypercare Review"
    _inherit = ['helpdesk.engine.guard.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'date_planned desc, id desc'

    active = fields.Boolean(default=True)
    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", required=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='period_id.company_id', store=True)
    partner_id = fields.Many2one(related='period_id.partner_id', string="Client", store=True)
    coordinator_id = fields.Many2one(related='period_id.coordinator_id')
    user_id = fields.Many2one(
        related='period_id.user_id', string="Supervisor", store=True, index='btree_not_null',
    )
    state = fields.Selection(
        selection=[
            ('draft', "Draft"),
            ('scheduled', "Scheduled"),
            ('held', "Held"),
            ('signed', "Signed"),
        ],
        default='draft', required=True, readonly=True, copy=False, tracking=True,
    )

    date_planned = fields.Date(
        string="Planned on",
        compute='_compute_date_planned', store=True, readonly=False, precompute=True,
        copy=False, tracking=True,
        help="From the 7th to the 14th day after the go-live; in a shorter window its last day.",
    )
    date_from = fields.Date(string="Not before", compute='_compute_date_range')
    date_to = fields.Date(string="Not after", compute='_compute_date_range')
    exception_reason = fields.Char(
        string="Another Day because", copy=False, tracking=True,
        help="With a reason an administrator of the help desk plans the review on any day.",
    )
    attendee_ids = fields.Many2many(
        comodel_name='res.partner',
        relation='hypercare_review_attendee_rel', column1='review_id', column2='partner_id',
        string="Attendees",
        compute='_compute_attendee_ids', store=True, readonly=False, precompute=True,
    )
    meeting_id = fields.Many2one(
        comodel_name='calendar.event', string="Meeting", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
    )
    meeting_start = fields.Datetime(related='meeting_id.start', string="Begins at")
    held_on = fields.Date(string="Held on", readonly=True, copy=False)

    agenda = fields.Html(
        copy=False, sanitize_overridable=False,
        help="Read by the client in the portal and in the invitation.",
    )
    agenda_date = fields.Datetime(string="Figures of", readonly=True, copy=False)
    is_agenda_edited = fields.Boolean(readonly=True, copy=False)
    item_ids = fields.One2many(
        comodel_name='hypercare.review.item', inverse_name='review_id', string="Items", copy=False,
    )
    stable_count = fields.Integer(compute='_compute_item_counts')
    refine_count = fields.Integer(compute='_compute_item_counts')
    next_count = fields.Integer(compute='_compute_item_counts')
    followup_count = fields.Integer(
        string="To Be Created", compute='_compute_item_counts',
        help="Items that are to become a task or part of the next iteration, and are not yet.",
    )

    signed_by = fields.Char(string="Signed by", readonly=True, copy=False)
    signer_id = fields.Many2one(
        comodel_name='res.partner', readonly=True, copy=False, index='btree_not_null',
        ondelete='restrict',
    )
    signed_on = fields.Datetime(string="Signed on", readonly=True, copy=False)
    signed_comment = fields.Text(string="Comment of the Client", readonly=True, copy=False)

    _one_active = models.UniqueIndex(
        '(period_id) WHERE active IS TRUE', "A window has one review at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends('period_id.name')
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "Review of %(period)s", period=review.period_id.display_name or '',
            )

    @api.depends('period_id')
    def _compute_date_planned(self):
        for review in self:
            if review.period_id:
                review.date_planned = review.period_id._get_proposed_review_date()

    @api.depends('period_id.golive_date', 'period_id.date_end')
    def _compute_date_range(self):
        for review in self:
            review.date_from, review.date_to = (
                review.period_id._get_review_range() if review.period_id else (False, False)
            )

    @api.depends('period_id')
    def _compute_attendee_ids(self):
        for review in self:
            period = review.period_id
            review.attendee_ids = period.user_id.partner_id | period.coordinator_id

    @api.depends('item_ids.verdict', 'item_ids.is_processed')
    def _compute_item_counts(self):
        for review in self:
            items = review.item_ids
            by_verdict = items.grouped('verdict')
            for verdict in ('stable', 'refine', 'next'):
                review[f'{verdict}_count'] = len(by_verdict.get(verdict, ()))
            review.followup_count = len(items._get_unprocessed())

    # === CONSTRAINT METHODS === #

    @api.constrains('date_planned', 'exception_reason', 'period_id')
    def _check_date_planned(self):
        for review in self.filtered(lambda review: not review.exception_reason):
            first, last = review.period_id._get_review_range()
            if not first or not review.date_planned or first <= review.date_planned <= last:
                continue
            if first == last:
                raise ValidationError(self.env._(
                    "The window is shorter than a week: its review takes place on the last day, "
                    "%(day)s. An administrator may give a reason for another day.",
                    day=format_date(self.env, last),
                ))
            raise ValidationError(self.env._(
                "The review takes place in the second week after the go-live, from %(first)s to "
                "%(last)s. An administrator may give a reason for another day.",
                first=format_date(self.env, first), last=format_date(self.env, last),
            ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_exception_right(vals)
        reviews = super().create(vals_list)
        for review in reviews.filtered(lambda review: not review.agenda):
            review._fill_agenda()
        return reviews

    def write(self, vals):
        self._check_exception_right(vals)
        if vals.keys() & SIGNED_FIELDS:
            self._check_not_signed()
        result = super().write(vals)
        if 'agenda' in vals and not self.env.context.get('hypercare_fill_agenda'):
            # sudo: hypercare.review - remembers that people wrote it, whoever they are
            self.sudo().filtered(lambda review: not review.is_agenda_edited).is_agenda_edited = True
        if 'date_planned' in vals:
            self._move_meeting()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._check_not_signed()

    # === ACTION METHODS === #

    def action_schedule(self):
        """ Invite the attendees to the meeting on the planned day.

        :raise UserError: if the day or the attendees are missing, or it was held already
        """
        self.check_access('write')
        for review in self:
            if review.state not in ('draft', 'scheduled'):
                raise UserError(self.env._(
                    "%(review)s was held already.", review=review.display_name,
                ))
            if not review.date_planned:
                raise UserError(self.env._("Choose the day of the review first."))
            if not review.attendee_ids:
                raise UserError(self.env._("Who takes part in the review? Choose the attendees."))
            if not review.is_agenda_edited:
                review._fill_agenda()
            values = {'state': 'scheduled'}
            if not review.meeting_id:
                values['meeting_id'] = self.env['calendar.event'].create(
                    review._prepare_meeting_values(),
                ).id
            # sudo: hypercare.review - what only the buttons write; who may write may schedule
            review.sudo().write(values)

    def action_hold(self):
        """ Note that the review took place, and ask the coordinator to sign it off.

        :raise UserError: if it was noted already
        """
        self.check_access('write')
        for review in self:
            if review.state not in ('draft', 'scheduled'):
                raise UserError(self.env._(
                    "%(review)s was held already.", review=review.display_name,
                ))
            if not review.period_id.start_datetime:
                raise UserError(self.env._(
                    "%(period)s has not begun yet: there is nothing to review.",
                    period=review.period_id.name,
                ))
            # sudo: hypercare.review - what only the buttons write; who may write may note it
            review.sudo().write({'state': 'held', 'held_on': review.period_id._get_today()})
            review.activity_feedback(['hypercare.mail_activity_type_review'])
            review._ask_for_signature()

    def action_fill_agenda(self):
        """ Fill the agenda with the figures of now; what was written there is replaced. """
        self.check_access('write')
        self._check_not_signed()
        for review in self:
            review._fill_agenda()

    def action_create_followups(self):
        """ Turn what is to be refined into tasks and what comes next into the next iteration.

        Safe to press twice: of two at once the later one is refused by the database, runs again
        and finds nothing left to do.

        :raise UserError: if it was not held yet, or nothing could be created
        """
        self.ensure_one()
        self.check_access('write')
        if self.state not in ('held', 'signed'):
            raise UserError(self.env._(
                "What becomes of the items is decided in the review: note that it was held first.",
            ))
        self._touch()
        items = self.item_ids._get_unprocessed()
        if not items:
            return self._notify_followups('info', self.env._(
                "Nothing is left to create: each item has become a task or is on its way.",
            ))
        tasks = items.filtered(lambda item: item.verdict == 'refine')._create_tasks()
        coming = items.filtered(lambda item: item.verdict == 'next')
        texts = [self.env._("Tasks created: %(count)s.", count=len(tasks))] if tasks else []
        if not coming:
            return self._notify_followups('success', ' '.join(texts))
        try:
            # nobody takes them: that must not keep the tasks from being created
            with self.env.cr.savepoint():
                coming._create_next_iteration()
        except UserError as error:
            if not tasks:
                raise
            return self._notify_followups('warning', ' '.join([*texts, str(error)]))
        texts.append(self.env._(
            "Items that go on in the next iteration: %(count)s.",
            count=len(coming) - len(coming._get_unprocessed()),
        ))
        return self._notify_followups('success', ' '.join(texts))

    def action_reopen(self):
        """ Ask why the signature is to be dropped. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Reopen the Review"),
            'res_model': 'hypercare.review.reopen.wizard',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {'default_review_id': self.id},
        }

    def _notify_followups(self, kind, message):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': kind,
                'sticky': kind == 'warning',
                'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === RIGHTS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'state', 'meeting_id', 'held_on', 'agenda_date', 'is_agenda_edited', 'signed_by',
            'signer_id', 'signed_on', 'signed_comment', 'company_id', 'partner_id', 'user_id',
        }

    def _check_exception_right(self, vals):
        """ Let only administrators of the help desk plan a review on any day.

        :raise AccessError: if somebody else does
        """
        if vals.get('exception_reason') and not self.env.su and not self.env.user.has_group(
            'helpdesk_sla.group_helpdesk_manager',
        ):
            raise AccessError(self.env._(
                "Another day than those of the second week is decided by an administrator of the "
                "help desk.",
            ))

    def _check_not_signed(self):
        """ Refuse to change what the client signed.

        :raise UserError: if one of the reviews is signed
        """
        for review in self:
            if review.state == 'signed':
                raise UserError(self.env._(
                    "%(review)s was signed by %(name)s: what was agreed does not change any more. "
                    "An administrator may reopen it with a reason.",
                    review=review.display_name, name=review.signed_by,
                ))

    def _touch(self):
        """ Write the rows, so that two transactions at once are noticed. """
        if self:
            self.env.cr.execute(SQL(
                "UPDATE hypercare_review SET write_date = write_date WHERE id IN %s",
                tuple(self.ids),
            ))

    # === MEETING === #

    def _prepare_meeting_values(self):
        """ Return the values of the meeting in the calendar. """
        self.ensure_one()
        start = self.period_id._get_review_start(self.date_planned)
        return {
            'name': self.env._("Hypercare review: %(client)s", client=self.partner_id.name),
            'start': start,
            'stop': start + MEETING_LENGTH,
            'user_id': self.user_id.id or self.env.uid,
            'partner_ids': [fields.Command.set(self.attendee_ids.ids)],
            'description': self.agenda,
        }

    def _move_meeting(self):
        """ Bring the meeting to the planned day, at the same time on the clock. """
        for review in self.filtered(lambda review: review.meeting_id and review.date_planned):
            period = review.period_id
            # sudo: calendar.event - who plans the review moves its meeting, whoever organises it
            meeting = review.meeting_id.sudo()
            local = period._to_local(meeting.start)
            if local.date() != review.date_planned:
                start = period._to_utc(
                    local.replace(
                        year=review.date_planned.year, month=review.date_planned.month,
                        day=review.date_planned.day,
                    ),
                )
                meeting.write({'start': start, 'stop': start + (meeting.stop - meeting.start)})

    def _follow_meeting(self):
        """ Let the planned day follow the meeting that somebody moved in the calendar. """
        for review in self.filtered(lambda review: review.state in ('draft', 'scheduled')):
            day = review.period_id._to_local(review.meeting_id.start).date()
            if day != review.date_planned:
                review.date_planned = day

    def _follow_golive(self):
        """ Propose another day where the planned one does not fit the go-live, or none was known.

        :return: the reviews that got another day
        :rtype: hypercare.review
        """
        moved = self.browse()
        for review in self:
            if review.state not in ('draft', 'scheduled') or review.exception_reason:
                continue
            first, last = review.period_id._get_review_range()
            if not review.date_planned or not first <= review.date_planned <= last:
                review.date_planned = review.period_id._get_proposed_review_date()
                moved |= review
        return moved

    def _remind_supervisor(self):
        """ Have the supervisors prepare the reviews. """
        for review in self.filtered('user_id'):
            first, _last = review.period_id._get_review_range()
            deadline = first or review.date_planned
            review.activity_schedule(
                'hypercare.mail_activity_type_review',
                min(filter(None, (deadline, review.date_planned)), default=None),
                user_id=review.user_id.id,
                summary=review.with_context(lang=review.user_id.lang).env._(
                    "Invite to the review of the second week",
                ),
            )

    # === AGENDA === #

    def _fill_agenda(self):
        """ Write the agenda from the figures of the window, in the language of the client. """
        self.ensure_one()
        lang = self.coordinator_id.lang or self.partner_id.lang or self.env.lang
        # sudo: hypercare.review - the figures are those of the window; the moment is kept by the
        # system, whoever fills the agenda
        review = self.sudo().with_context(lang=lang, hypercare_fill_agenda=True)
        period = review.period_id
        totals = period._get_review_totals()[period]
        review.write({
            'agenda': self.env['ir.qweb'].with_context(lang=lang)._render(
                'hypercare.review_agenda',
                {
                    'period': period,
                    'totals': totals,
                    'facts': period._get_review_facts(totals),
                    'tickets': period._get_review_open_tickets(),
                },
            ),
            'agenda_date': fields.Datetime.now(),
            'is_agenda_edited': False,
        })

    @api.model
    def _cron_fill_agendas(self):
        """ Bring the figures up to date shortly before the meetings, where nobody wrote agendas.

        Safe to run twice: it writes the same again.
        """
        today = fields.Date.today()
        reviews = self.search([
            ('state', 'in', ('draft', 'scheduled')),
            ('is_agenda_edited', '=', False),
            ('date_planned', '>=', today - timedelta(days=1)),
            ('date_planned', '<=', today + timedelta(days=AGENDA_DAYS)),
            ('period_id.state', 'in', ('running', 'review')),
        ])
        cron = self.env['ir.cron']
        cron._commit_progress(remaining=len(reviews))
        for review in reviews:
            review = review.try_lock_for_update().filtered(lambda one: not one.is_agenda_edited)
            if review:
                do_each(
                    review, lambda one: one._fill_agenda(), _logger, "%s: no agenda was filled in",
                )
            if not cron._commit_progress(1):
                break

    # === SIGNATURE === #

    def _get_content_hash(self):
        """ Return a hash of what the client reads now; the page carries it to the signature. """
        self.ensure_one()
        content = [
            [item.id, item.verdict, item.name, item.process or '', item.owner_id.name or '',
             item.description or '']
            for item in self.item_ids.sorted()
        ]
        return hashlib.sha256(
            json.dumps([self.id, self.agenda or '', content]).encode(),
        ).hexdigest()

    def _get_items_by_verdict(self):
        """ Return the three lists as they are shown: verdict, label and items, empty ones too.

        :rtype: list[tuple[str, str, hypercare.review.item]]
        """
        self.ensure_one()
        by_verdict = self.item_ids.sorted().grouped('verdict')
        labels = self.item_ids._fields['verdict']._description_selection(self.env)
        return [
            (verdict, label, by_verdict.get(verdict, self.item_ids.browse()))
            for verdict, label in labels
        ]

    def _format_meeting(self):
        """ Return when the meeting begins, as the client reads it. """
        self.ensure_one()
        # sudo: calendar.event - the client is invited to it
        return self._format_moment(self.meeting_id.sudo().start)

    def _format_signed_on(self):
        """ Return when the client signed, on the clock of the window. """
        self.ensure_one()
        return self._format_moment(self.signed_on)

    def _describe_held_on(self):
        """ Return when the review was held, as the client reads it. """
        self.ensure_one()
        return self.env._("Held on %(day)s", day=format_date(self.env, self.held_on))

    def _describe_unsigned(self):
        """ Return how far a review without a signature is, as the hand-over says it. """
        self.ensure_one()
        if not self.held_on:
            return self.env._("Not held yet.")
        return self.env._(
            "Held on %(day)s, not signed yet.", day=format_date(self.env, self.held_on),
        )

    def _describe_signature(self):
        """ Return who signed the review, for whom and when, as the client reads it.

        :rtype: Markup
        """
        self.ensure_one()
        return self.env._(
            "Signed by %(name)s for %(client)s on %(moment)s",
            name=Markup('<strong>%s</strong>') % self.signed_by,
            client=self.partner_id.name, moment=self._format_signed_on(),
        )

    def _describe_signer(self):
        """ Return who will sign the review, for those of the client who do not. """
        self.ensure_one()
        if not self.coordinator_id:
            return self.env._("It is signed off by your company.")
        return self.env._(
            "%(coordinator)s signs it off for your company.", coordinator=self.coordinator_id.name,
        )

    def _describe_consent(self):
        """ Return what whoever signs the review ticks. """
        self.ensure_one()
        return self.env._(
            "I have read the review and agree with it for %(client)s.",
            client=self.partner_id.name,
        )

    def _format_moment(self, moment):
        """ Return a moment on the clock of the window as people read it: without seconds. """
        if not moment:
            return ''
        tz = self.period_id.tz
        return self.env._(
            "%(day)s, %(time)s",
            day=format_date(self.env, self.period_id._get_day(moment)),
            time=format_time(self.env, moment, tz=tz, time_format='short'),
        )

    def _ask_for_signature(self):
        """ Tell the coordinator that the review waits for the signature. """
        self.ensure_one()
        coordinator = self.coordinator_id
        if not coordinator.email:
            return
        review = self.with_context(lang=coordinator.lang or self.env.lang)
        url = f'{self.get_base_url()}/my/hypercare/{self.period_id.id}#hypercare_review'
        review.message_notify(
            partner_ids=coordinator.ids,
            subject=review.env._("Please sign the review off"),
            body=Markup('<p>%s</p><p><a href="%s">%s</a></p>') % (
                review.env._(
                    "We noted what works, what is to be refined and what comes next. Please read "
                    "it and sign it off.",
                ),
                url, review.env._("Open the review"),
            ),
            email_layout_xmlid='helpdesk_sla.mail_layout_customer',
        )

    def _sign(self, name, partner, is_confirmed, content_hash, comment=''):
        """ Register that the client signed the review off.

        Called as superuser, after the right to sign was checked.

        :param str name: typed by whoever signs
        :param partner: the res.partner who signs
        :param bool is_confirmed: whether the box was ticked
        :param str content_hash: of what was read
        :param str comment: of the client
        :raise UserError: if it does not wait for the signature, was changed since it was read, or
            something is missing
        """
        self.ensure_one()
        # of two at once the later one is refused by the database, runs again and finds it signed
        self._touch()
        if self.state == 'signed':
            raise UserError(self.env._(
                "The review was signed off already, by %(name)s.", name=self.signed_by,
            ))
        if self.state != 'held':
            raise UserError(self.env._("The review is signed off once it was held."))
        name = (name or '').strip()[:200]
        if not name:
            raise UserError(self.env._("Who signs? Please fill in the name."))
        if not is_confirmed:
            raise UserError(self.env._(
                "Please tick that you have read the review and agree with it.",
            ))
        if content_hash != self._get_content_hash():
            raise UserError(self.env._(
                "The review was changed since you opened the page. Please read it again, and sign "
                "then.",
            ))
        self.write({
            'state': 'signed',
            'signed_by': name,
            'signer_id': partner.id,
            'signed_on': fields.Datetime.now(),
            'signed_comment': (comment or '').strip()[:5000] or False,
        })
        body = self.env._("Review signed off by %(name)s.", name=name)
        if self.signed_comment:
            body = Markup('%s<br/>%s') % (body, self.signed_comment)
        for record in (self, self.period_id):
            record.message_post(
                body=body, author_id=partner.id,
                partner_ids=self.user_id.partner_id.ids if record == self else [],
                subtype_xmlid='mail.mt_note',
            )

    def _reopen(self, reason):
        """ Drop the signature, so that the review can be changed.

        :param str reason: kept in the history
        :raise AccessError: if the user is no administrator of the help desk
        :raise UserError: if it is not signed, or there is no reason
        """
        self.ensure_one()
        if not self.env.user.has_group('helpdesk_sla.group_helpdesk_manager'):
            raise AccessError(self.env._(
                "A signed review is reopened by an administrator of the help desk.",
            ))
        self.check_access('write')
        if self.state != 'signed':
            raise UserError(self.env._("%(review)s is not signed.", review=self.display_name))
        if not (reason or '').strip():
            raise UserError(self.env._("Why is the review reopened? Please give the reason."))
        body = self.env._(
            "Review reopened, because: %(reason)s. The signature of %(name)s of %(moment)s does "
            "not hold any more.",
            reason=reason.strip(), name=self.signed_by,
            moment=self._format_moment(self.signed_on),
        )
        # sudo: hypercare.review - what only signing and reopening write; the right is checked above
        self.sudo().write({
            'state': 'held', 'signed_by': False, 'signer_id': False, 'signed_on': False,
            'signed_comment': False,
        })
        self.message_post(body=body)
        self.period_id.message_post(body=body)
