from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date


class HypercareBottleneck(models.Model):
    """ An indicator that is beyond its limit for days in a row (G2). Written by the job alone. """

    _name = 'hypercare.bottleneck'
    _description = "Hypercare Bottleneck"
    _order = 'date_from desc, id desc'
    _rec_name = 'indicator_id'

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    indicator_id = fields.Many2one(
        comodel_name='hypercare.indicator', string="Indicator", required=True, readonly=True,
        index=True, ondelete='restrict',
    )
    date_from = fields.Date(string="Since", required=True, readonly=True)
    date_to = fields.Date(
        string="Until", readonly=True, help="The last day beyond the limit. Empty while it lasts.",
    )
    limit_value = fields.Float(
        string="Limit", readonly=True, aggregator=None, digits=(16, 3),
        help="Beyond which the values were when it was noticed.",
    )
    worst_value = fields.Float(
        string="Worst Value", readonly=True, aggregator=None, digits=(16, 3),
    )
    limit_text = fields.Char(compute='_compute_texts')
    worst_text = fields.Char(compute='_compute_texts')
    is_open = fields.Boolean(
        string="Lasts", compute='_compute_is_open', search='_search_is_open',
    )
    activity_id = fields.Many2one(
        comodel_name='mail.activity', readonly=True, index='btree_not_null', ondelete='set null',
        export_string_translation=False,
    )

    company_id = fields.Many2one(related='period_id.company_id')
    partner_id = fields.Many2one(related='period_id.partner_id')
    user_id = fields.Many2one(related='period_id.user_id')

    _open_uniq = models.UniqueIndex(
        '(period_id, indicator_id) WHERE date_to IS NULL',
        "This bottleneck is known already.",
    )
    _dates = models.Constraint(
        'CHECK (date_to IS NULL OR date_to >= date_from)',
        "A bottleneck cannot end before it began.",
    )

    # === COMPUTE METHODS === #

    @api.depends('limit_value', 'worst_value', 'indicator_id')
    @api.depends_context('lang')
    def _compute_texts(self):
        for bottleneck in self:
            indicator = bottleneck.indicator_id
            bottleneck.limit_text = indicator._format_value(bottleneck.limit_value)
            bottleneck.worst_text = indicator._format_value(bottleneck.worst_value)

    @api.depends('date_to')
    def _compute_is_open(self):
        for bottleneck in self:
            bottleneck.is_open = not bottleneck.date_to

    def _search_is_open(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return [('date_to', '=', False)] if True in value else [('date_to', '!=', False)]

    # === BUSINESS METHODS === #

    def _tell_supervisors(self, values):
        """ Give the supervisors an activity for each bottleneck, in their language.

        No e-mail: on a bad morning a supervisor of ten windows would get ten of them. The board
        shows them as well.

        :param dict values: (day, value) pairs by bottleneck
        """
        activities = self.env['mail.activity']
        activity_type = self.env.ref(
            'hypercare.mail_activity_type_bottleneck', raise_if_not_found=False,
        )
        told = self.filtered(lambda bottleneck: bottleneck.period_id.user_id.active)
        model = self.env['ir.model']._get('hypercare.period')
        created = activities.with_context(mail_activity_quick_update=True).create([
            {
                'activity_type_id': activity_type and activity_type.id,
                'res_model_id': model.id,
                'res_id': bottleneck.period_id.id,
                'user_id': bottleneck.period_id.user_id.id,
                'date_deadline': bottleneck.period_id._get_today(),
                'automated': True,
                **bottleneck._prepare_activity_texts(values[bottleneck]),
            }
            for bottleneck in told
        ])
        for bottleneck, activity in zip(told, created):
            bottleneck.activity_id = activity

    def _prepare_activity_texts(self, values):
        """ Return summary and note of the activity: what, which values, since when, what to do.

        :param list values: (day, value)
        :rtype: dict
        """
        self.ensure_one()
        bottleneck = self.with_context(
            lang=self.period_id.user_id.lang or self.env.lang,
            tz=self.period_id.user_id.tz or self.env.context.get('tz'),
        )
        env, indicator = bottleneck.env, bottleneck.indicator_id
        limit = indicator._format_value(self.limit_value)
        facts = {
            'indicator': indicator.name,
            'client': bottleneck.partner_id.name,
            'date': format_date(env, self.date_from),
            'limit': limit,
        }
        if indicator.direction == 'down':
            sentence = env._(
                "%(client)s: \"%(indicator)s\" has been above the limit of %(limit)s since "
                "%(date)s.", **facts,
            )
        else:
            sentence = env._(
                "%(client)s: \"%(indicator)s\" has been below the limit of %(limit)s since "
                "%(date)s.", **facts,
            )
        advice = indicator.advice or env._(
            "Look at the tickets behind it with the coordinator of the client, and agree on what "
            "to change.",
        )
        rows = Markup().join(
            Markup("<li>%s: %s</li>") % (format_date(env, day), indicator._format_value(value))
            for day, value in values
        )
        return {
            'summary': env._("Bottleneck: %(indicator)s", indicator=indicator.name),
            'note': Markup("<p>%s</p><ul>%s</ul><p>%s</p>") % (sentence, rows, advice),
        }

    def _note_worst(self, values):
        """ Keep the worst value while the bottleneck lasts.

        :param list values: (day, value), those that are judged
        """
        self.ensure_one()
        own = [value for day, value in values if day >= self.date_from]
        worst = self.indicator_id._get_worst([self.worst_value, *own])
        if worst != self.worst_value:
            self.worst_value = worst

    def _end(self, dates):
        """ Note that the values are back, and take the activities away that nobody did.

        :param dict dates: the last day beyond the limit, by bottleneck
        """
        for bottleneck, date_to in dates.items():
            bottleneck.date_to = max(date_to, bottleneck.date_from)
        ended = self.browse(bottleneck.id for bottleneck in dates)
        ended.activity_id.filtered('active').unlink()
