from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date, format_duration, formatLang


class HypercarePeriod(models.Model):
    """ What the hand-over says of the support that the client has bought (G7). """

    _inherit = 'hypercare.period'

    # === BUSINESS METHODS === #

    def _get_handover_terms(self):
        """ Add the plans and packs that pay for the support from now on. """
        return super()._get_handover_terms() + [
            (line.product_id.display_name, self._describe_support_line(line))
            for line in self._get_support_lines()
        ]

    def _get_support_lines(self):
        """ Return the plans of the client that go on, and the packs with hours left.

        :return: as superuser; of a plan its first month
        :rtype: sale.order.line
        """
        self.ensure_one()
        # sudo: sale.order.line - read by whoever the document is for; the caller checked the window
        lines = self.env['sale.order.line'].sudo().with_env(self.env(su=True))
        today = self._get_today()
        found = lines.search(
            lines._get_support_line_domain()
            & Domain('company_id', '=', self.company_id.id)
            & Domain('order_partner_id.commercial_partner_id', '=', self.partner_id.id)
            & Domain('support_plan_line_id', '=', False),
            order='order_id, sequence, id',
        ).filtered('support_hours_available')
        plans = found.filtered(lambda line: line.product_id.support_renewal == 'monthly')
        return plans.filtered(
            lambda line: not line.support_plan_end_date or line.support_plan_end_date >= today,
        ) + (found - plans).filtered(
            lambda line: line.support_hours_left > 0
            and (not line.support_end_date or line.support_end_date >= today),
        )

    def _describe_support_line(self, line):
        """ Return what a plan or a pack gives, as the client reads it.

        :param line: the sale.order.line
        :rtype: str
        """
        self.ensure_one()
        names = {
            'hours': format_duration(line._get_hours_ordered()),
            'order': line.order_id.name,
        }
        if line.product_id.support_renewal == 'monthly':
            return self.env._(
                "%(hours)s hours a month, %(price)s a month (order %(order)s)",
                price=formatLang(self.env, line.price_subtotal, currency_obj=line.currency_id),
                **names,
            )
        left = format_duration(line.support_hours_left)
        if line.support_end_date:
            return self.env._(
                "%(left)s of %(hours)s hours left, valid until %(date)s (order %(order)s)",
                left=left, date=format_date(self.env, line.support_end_date), **names,
            )
        return self.env._(
            "%(left)s of %(hours)s hours left (order %(order)s)", left=left, **names,
        )
