from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_time, groupby, html2plaintext
from odoo.tools.date_utils import float_to_time

# what is looked for while somebody types a subject
QUERY_SIZE = 200
QUERY_WORDS = 6
WORD_SIZE = 3
EXCERPT_SIZE = 160


class HelpdeskTeam(models.Model):
    """ What the help centre of a team tells before anybody has to ask. """

    _inherit = 'helpdesk.team'

    faq_ids = fields.One2many(
        comodel_name='helpdesk.faq', inverse_name='team_id', string="FAQ",
    )

    # === ARTICLES === #

    @api.model
    def _get_help_words(self, query):
        """ Return the words of a query that are worth looking for.

        :rtype: list[str]
        """
        query = str(query or '')[:QUERY_SIZE].replace('\0', ' ')
        # half of a surrogate pair, which JSON can carry, is no text for PostgreSQL either
        words = query.encode(errors='ignore').decode().split()
        return [word for word in words if len(word) >= WORD_SIZE][:QUERY_WORDS]

    @api.model
    def _get_help_domain(self, words, fnames):
        """ Return the domain of the records of which some field contains each of the words. """
        return Domain.AND(
            Domain.OR(Domain(fname, 'ilike', word) for fname in fnames) for word in words
        )

    @api.model
    def _get_help_excerpt(self, text):
        """ Return the beginning of an HTML text, on one line. """
        plain = ' '.join(html2plaintext(text or '', include_references=False).split())
        return plain if len(plain) <= EXCERPT_SIZE else f'{plain[:EXCERPT_SIZE].rstrip()}…'

    def _search_help_articles(self, query, limit=5):
        """ Return what may answer a question before it is asked.

        :param str query: what the visitor has typed
        :return: dicts of `title`, `url` and `excerpt`, the best first
        :rtype: list[dict]
        """
        self.ensure_one()
        words = self._get_help_words(query)
        if not words:
            return []
        # sudo: helpdesk.faq - what is published is for everybody
        faqs = self.env['helpdesk.faq'].sudo().search(
            Domain('team_id', '=', self.id) & Domain('is_published', '=', True)
            & self._get_help_domain(words, ('name', 'answer')),
            limit=limit,
        )
        articles = [
            {
                'title': faq.name,
                # sudo: helpdesk.team - the address of its page is public
                'url': f'{self.sudo().website_url}#faq-{faq.id}',
                'excerpt': self._get_help_excerpt(faq.answer),
            }
            for faq in faqs
        ]
        for model, domain, fnames, excerpt in self._get_help_sources():
            # with the visitor's own rights
            if len(articles) < limit and self.env[model].has_access('read'):
                articles += [
                    {
                        'title': article.name,
                        'url': article.website_url,
                        'excerpt': self._get_help_excerpt(article[excerpt]),
                    }
                    for article in self.env[model].search(
                        domain & self._get_help_domain(words, fnames),
                        limit=limit - len(articles),
                    )
                ]
        return articles

    @api.model
    def _get_help_sources(self):
        """ Return where else answers are looked for, with the visitor's rights; a hook.

        :return: names of a model with `name` and `website_url`, the domain of what is published on
            the current website, the fields that are searched, and the one that is shown
        :rtype: list[tuple[str, Domain, tuple[str, ...], str]]
        """
        return []

    def _get_website_faqs(self):
        """ Return the published questions of the team, as superuser. """
        self.ensure_one()
        # sudo: helpdesk.faq - as above
        return self.env['helpdesk.faq'].sudo().search([
            ('team_id', '=', self.id), ('is_published', '=', True),
        ])

    # === HOURS === #

    def _get_website_calendar(self):
        # sudo: helpdesk.team, resource.calendar - the hours are public
        team = self.sudo()
        return team.resource_calendar_id or team.company_id.resource_calendar_id

    def _get_website_hours(self):
        """ Return the opening hours of the week, days with the same hours together.

        :return: pairs of the days and their hours, in words; none where they differ by week
        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        calendar = self._get_website_calendar()
        if not calendar or calendar.two_weeks_calendar or calendar.schedule_type == 'flexible':
            return []
        names = dict(self.env['resource.calendar.attendance']._fields[
            'dayofweek'
        ]._description_selection(self.env))
        hours = dict.fromkeys(names, '')
        attendances = calendar.attendance_ids.filtered(
            lambda attendance: attendance.day_period != 'lunch' and not attendance.display_type,
        ).sorted(lambda attendance: (attendance.dayofweek, attendance.hour_from))
        for day, lines in groupby(attendances, lambda attendance: attendance.dayofweek):
            spans = []
            for line in lines:
                if spans and spans[-1][1] == line.hour_from:
                    spans[-1][1] = line.hour_to
                else:
                    spans.append([line.hour_from, line.hour_to])
            hours[day] = ', '.join(
                self.env._(
                    "%(start)s to %(end)s",
                    start=self._format_hour(start), end=self._format_hour(end),
                ) for start, end in spans
            )
        # days that follow each other, not those of the week that are alike
        runs = []
        for day in sorted(hours):
            if runs and hours[runs[-1][-1]] == hours[day]:
                runs[-1].append(day)
            else:
                runs.append([day])
        return [
            (
                names[days[0]] if len(days) == 1 else self.env._(
                    "%(first)s to %(last)s", first=names[days[0]], last=names[days[-1]],
                ),
                hours[days[0]] or self.env._("Closed"),
            )
            for days in runs
        ]

    def _format_hour(self, hour):
        return format_time(self.env, float_to_time(hour), time_format='short')

    def _get_website_now(self):
        """ Return whether somebody is there now, and by when who writes now is answered.

        :return: `zone`, `is_open`, `next_opening` and `answer_by`: texts, or False
        :rtype: dict
        """
        self.ensure_one()
        now = fields.Datetime.now()
        calendar = self._get_website_calendar()
        tickets = self.env['helpdesk.ticket']
        working_time = calendar and calendar._get_working_time(self.company_id)
        is_open = not calendar or working_time.is_open(now)
        opening = False if is_open else working_time.opening_after(now)
        answer_by = self._get_answer_deadline('form')
        zone = calendar.tz or 'UTC'
        return {
            'zone': zone,
            'is_open': is_open,
            'next_opening': opening and tickets._format_customer_datetime(opening, tz=zone),
            'answer_by': answer_by and tickets._format_customer_datetime(answer_by, tz=zone),
        }
