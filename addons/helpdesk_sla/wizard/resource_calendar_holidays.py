import unicodedata
from datetime import datetime, time, timedelta

import holidays
import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .resource_calendar_holidays_line import CATEGORIES

# closures end at 23:59:59, as those that people enter do; so what follows within a second touches
SECOND = timedelta(seconds=1)
NOTHING = timedelta()
# what is left open of a day is not worth a closure: people also end them at 23:59
MINUTE = timedelta(minutes=1)
MAX_YEARS = 10
# days of substituted work, and the weeks of school breaks
NOT_CLOSED = {'workday', 'school'}


class ResourceCalendarHolidays(models.TransientModel):
    """ Loads the public holidays of a country or region as closures of working hours.

    The days come from the library `holidays`, whose codes of regions are kept as they are: those
    of Odoo's states are others in many countries, so the two are only matched for the suggestion.
    """

    _name = 'resource.calendar.holidays'
    _description = "Load Public Holidays"
    _rec_name = 'country_id'

    company_id = fields.Many2one(
        comodel_name='res.company', required=True,
        compute='_compute_company_id', store=True, readonly=False, precompute=True,
    )
    calendar_id = fields.Many2one(
        comodel_name='resource.calendar',
        string="Working Hours",
        domain="[('company_id', 'in', [company_id, False])]",
        help="Empty: the holidays close all working hours of the company. The days are then those "
             "of the time zone of the company's own working hours.",
    )
    country_id = fields.Many2one(
        comodel_name='res.country', compute='_compute_country_id', store=True, readonly=False,
        precompute=True,
        domain=lambda self: [('code', 'in', list(holidays.list_supported_countries()))],
    )
    region = fields.Selection(
        selection='_selection_region',
        compute='_compute_region', store=True, readonly=False, precompute=True,
        help="Empty: only the holidays of the whole country.",
    )
    regions_of_country = fields.Json(
        compute='_compute_regions_of_country', export_string_translation=False,
    )
    year_from = fields.Integer(
        string="From", required=True, default=lambda self: fields.Date.context_today(self).year,
    )
    year_to = fields.Integer(
        string="To", required=True, default=lambda self: fields.Date.context_today(self).year + 1,
    )
    include_other = fields.Boolean(
        string="Show Other Days",
        help="Also list days that are not public holidays for everybody: bank holidays, half days, "
             "days of some religions or offices. Tick those on which you are closed.",
    )
    line_ids = fields.One2many(
        comodel_name='resource.calendar.holidays.line', inverse_name='wizard_id', string="Days",
        compute='_compute_line_ids', store=True, readonly=False,
    )
    problem = fields.Char(compute='_compute_problem', export_string_translation=False)

    # === COMPUTE METHODS === #

    @api.depends('calendar_id')
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = (
                wizard.calendar_id.company_id or wizard.company_id or self.env.company
            )

    @api.depends('company_id')
    def _compute_country_id(self):
        for wizard in self:
            wizard.country_id = wizard.company_id.country_id

    @api.depends('country_id')
    def _compute_region(self):
        for wizard in self:
            wizard.region = wizard._get_region_of_company()

    @api.depends('country_id')
    def _compute_regions_of_country(self):
        for wizard in self:
            library = wizard._get_library()
            wizard.regions_of_country = [
                self._get_region_key(library, code) for code in library.subdivisions
            ] if library else []

    @api.depends('country_id', 'year_from', 'year_to')
    def _compute_problem(self):
        for wizard in self:
            wizard.problem = wizard._get_problem()

    @api.depends(
        'calendar_id', 'company_id', 'country_id', 'region', 'year_from', 'year_to',
        'include_other',
    )
    def _compute_line_ids(self):
        known = dict(CATEGORIES)
        for wizard in self:
            days = [] if wizard._get_problem() else wizard._get_holidays()
            missing = wizard._get_missing_periods([date for date, _name, _category in days])
            wizard.line_ids = [Command.clear()] + [
                Command.create({
                    'date': date,
                    'name': name,
                    'category': category if category in known else 'other',
                    'is_loaded': not missing[date],
                    'is_selected': bool(missing[date]) and category == 'public',
                })
                for date, name, category in days
            ]

    @api.model
    def _selection_region(self):
        """ Return the regions of all countries; the form shows those of the chosen one. """
        regions = []
        for country_code in holidays.list_supported_countries(include_aliases=False):
            library = getattr(holidays, country_code)
            names = library.get_subdivision_aliases()
            regions += sorted((
                (
                    self._get_region_key(library, code),
                    f'{names[code][-1]} ({code})' if names.get(code) else code,
                )
                for code in library.subdivisions
            ), key=lambda region: _normalize(region[1]))
        return regions

    # === ACTION METHODS === #

    def action_load(self):
        """ Close the working hours on the chosen days, as far as they are not closed already. """
        self.ensure_one()
        if problem := self._get_problem():
            raise UserError(problem)
        chosen = self.line_ids.filtered('is_selected')
        if not chosen:
            raise UserError(self.env._("Choose at least one day that is not loaded yet."))
        self._lock_closures()
        closures = self.env['resource.calendar.leaves'].with_company(self.company_id)
        missing = self._get_missing_periods(chosen.mapped('date'))
        # one call: the deadlines that move are marked once for all days
        created = closures.create([
            {
                'name': line.name,
                'calendar_id': self.calendar_id.id,
                'company_id': self.company_id.id,
                'resource_id': False,
                'date_from': date_from,
                'date_to': date_to,
                'time_type': 'leave',
            }
            for line in chosen
            for date_from, date_to in missing.pop(line.date, ())
        ])
        loaded_dates = {self._get_local_date(closure.date_from) for closure in created}
        already = self.line_ids.filtered(
            lambda line: line.date not in loaded_dates and (line.is_loaded or line.is_selected),
        )
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success' if created else 'info',
                'message': self._get_summary(len(loaded_dates), len(already)),
                'next': self._get_closures_action(),
            },
        }

    # === BUSINESS METHODS === #

    def _get_library(self):
        """ Return the class of the library that knows the country, or None. """
        self.ensure_one()
        code = self.country_id.code
        if code in holidays.list_supported_countries(include_aliases=False):
            return getattr(holidays, code)
        return None

    @api.model
    def _get_region_key(self, library, code):
        return f'{library.country}:{code}'

    def _get_region_of_company(self):
        """ Return the region of the company, by the name of its state or else by its code. """
        self.ensure_one()
        library, state = self._get_library(), self.company_id.state_id
        if not library or state.country_id != self.country_id:
            return False
        names = library.get_subdivision_aliases()
        code = state.code.removeprefix(f'{library.country}-')
        return next((
            self._get_region_key(library, subdivision)
            for subdivision in library.subdivisions
            if _normalize(state.name) in map(_normalize, names.get(subdivision, ()))
        ), self._get_region_key(library, code) if code in library.subdivisions else False)

    def _get_problem(self):
        """ Return why no days can be listed, as a sentence, or False. """
        self.ensure_one()
        library = self._get_library()
        if not self.country_id:
            return self.env._("Choose the country whose public holidays you keep.")
        if not library:
            return self.env._(
                "The public holidays of %(country)s are not known to the library behind this. "
                "Enter the closures by hand.",
                country=self.country_id.name,
            )
        if self.region and self.region not in self._get_region_keys(library):
            return self.env._(
                "Choose a region of %(country)s, or none.", country=self.country_id.name,
            )
        if not library.start_year <= self.year_from <= self.year_to <= library.end_year:
            return self.env._(
                "Choose years from %(first)s to %(last)s, the earlier one first.",
                first=str(library.start_year), last=str(library.end_year),
            )
        if self.year_to - self.year_from >= MAX_YEARS:
            return self.env._("Load at most %(count)s years at once.", count=str(MAX_YEARS))
        return False

    def _get_region_keys(self, library):
        return {self._get_region_key(library, code) for code in library.subdivisions}

    def _get_holidays(self):
        """ Return the days that the library knows, the names in the user's language if possible.

        :return: date, name and category ('public' or one of the others) of each day, sorted
        :rtype: list[tuple[date, str, str]]
        """
        self.ensure_one()
        library = self._get_library()
        options = {
            'years': range(self.year_from, self.year_to + 1),
            'language': self._get_language(library),
            'subdiv': self.region.partition(':')[2] if self.region else None,
        }
        categories = ['public'] if 'public' in library.supported_categories else []
        if self.include_other:
            categories += sorted(set(library.supported_categories) - {'public'} - NOT_CLOSED)
        days = {}
        for category in categories:
            for date, name in library(categories=(category,), **options).items():
                days.setdefault(date, (name, category))
        return [
            (date, name, category) for date, (name, category) in sorted(days.items())
            # what is observed at the turn of the year belongs to the year in which it is
            if self.year_from <= date.year <= self.year_to
        ]

    def _get_language(self, library):
        """ Return the library's code of the user's language, else of that of the country.

        Said in any case: left to itself the library takes that of the server's environment.
        """
        lang = self.env.lang or 'en_US'
        supported = library.supported_languages or ()
        base = lang.partition('_')[0]
        return next((
            code for code in (lang, base, *supported)
            if code in supported and code.partition('_')[0] == base
        ), library.default_language)

    def _get_zone(self):
        self.ensure_one()
        calendar = self.calendar_id or self.company_id.resource_calendar_id
        return pytz.timezone(calendar.tz or 'UTC')

    def _get_local_date(self, moment):
        return pytz.utc.localize(moment).astimezone(self._get_zone()).date()

    def _get_day(self, date):
        """ Return a day of the zone of the working hours, in naive UTC: both its ends are in it.

        The end is 23:59:59, as of closures that are entered by hand.
        """
        zone = self._get_zone()

        def to_utc(day):
            local = zone.localize(datetime.combine(day, time.min))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        return to_utc(date), to_utc(date + timedelta(days=1)) - SECOND

    def _get_missing_periods(self, dates):
        """ Return what of the days is not closed yet, whatever the name of the closure is.

        :param list dates: days in the zone of the working hours
        :return: by day: first and last second (naive UTC) of each stretch that is still open
        :rtype: dict[date, list[tuple[datetime, datetime]]]
        """
        self.ensure_one()
        if not dates:
            return {}
        days = {date: self._get_day(date) for date in dates}
        first = min(start for start, _end in days.values())
        last = max(end for _start, end in days.values())
        # sudo: resource.calendar.leaves - also closures that the user does not see must not be
        # doubled
        closures = self.env['resource.calendar.leaves'].sudo().search_fetch(
            self._get_closures_domain()
            & Domain('date_from', '<=', last) & Domain('date_to', '>=', first),
            ['date_from', 'date_to'], order='date_from',
        )
        missing = {}
        for date, (start, end) in days.items():
            open_periods = []
            for closure in closures:
                if closure.date_to < start or closure.date_from > end:
                    continue
                if closure.date_from > start:
                    open_periods.append((start, closure.date_from - SECOND))
                start = max(
                    start, closure.date_to + (SECOND if closure.date_to.second == 59 else NOTHING),
                )
            if start < end:
                open_periods.append((start, end))
            missing[date] = [
                (date_from, date_to)
                for date_from, date_to in open_periods
                if date_to - date_from >= MINUTE
            ]
        return missing

    def _get_closures_domain(self):
        """ Return the closures by which a day is closed for these working hours. """
        return (
            Domain('resource_id', '=', False)
            & Domain('time_type', '=', 'leave')
            & Domain('calendar_id', 'in', [*self.calendar_id.ids, False])
            & Domain('company_id', 'in', [self.company_id.id, False])
        )

    def _lock_closures(self):
        """ Let two who load at once be one after the other.

        Under repeatable read the second would not see what the first one created. Both updating
        the same row makes PostgreSQL refuse the second, and the request is run again.
        """
        self.env.execute_query(SQL(
            "UPDATE res_company SET write_date = write_date WHERE id = %s RETURNING id",
            self.company_id.id,
        ))

    def _get_summary(self, days, already):
        """ Return what was done, for the notification.

        :param int days: how many days were loaded
        :param int already: how many had been closed before
        """
        if not days:
            return self.env._("Nothing to load: these days are closed already.")
        if not already:
            return self.env._("%(count)s holidays loaded.", count=days)
        return self.env._(
            "%(count)s holidays loaded, %(already)s were there already.",
            count=days, already=already,
        )

    def _get_closures_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.resource_calendar_leaves_action',
        )
        if not self.env.context.get('default_calendar_id'):
            # opened from this very list: it is not to be there twice
            action['target'] = 'main'
        if self.calendar_id:
            action['domain'] = list(self._get_closures_domain())
            action['context'] = {'default_calendar_id': self.calendar_id.id}
        return action


def _normalize(name):
    """ Return a name without case and accents, so that spellings can be compared and sorted. """
    decomposed = unicodedata.normalize('NFKD', name.replace('Ł', 'L').replace('ł', 'l'))
    return ''.join(char for char in decomposed if not unicodedata.combining(char)).casefold()
