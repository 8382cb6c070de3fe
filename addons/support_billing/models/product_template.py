from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _inherit = 'product.template'

    is_support_pack = fields.Boolean(
        string="Support Pack",
        help="Hours sold in advance: an order line of this product is used up by the time that is "
             "logged on tickets, and what is left of it is shown there.",
    )
    support_renewal = fields.Selection(
        selection=[('once', "Once"), ('monthly', "Every month")],
        string="Renewal",
        default='once',
        required=True,
        help="Every month: the order line is the first month of a plan. Each further month gets an "
             "order line of its own, with the same hours and price, and an invoice in draft.",
    )
    support_validity_start = fields.Selection(
        selection=[
            ('order', "The order"),
            ('go_live', "Go-live"),
            ('first_use', "The first use"),
        ],
        string="Valid from",
        default='order',
        required=True,
        help="What the validity is counted from. Until go-live is known, the hours cannot be used.",
    )
    support_validity_months = fields.Integer(
        string="Valid for",
        help="Months from the start after which the hours left expire. 0: they do not expire.",
    )
    support_rollover_months = fields.Integer(
        string="Rolls over",
        help="For how many months more the hours that a month of the plan leaves can be used. "
             "0: they lapse at its end.",
    )
    support_overage = fields.Selection(
        selection=[
            ('flag', "Not billed, and flagged"),
            ('product', "Billed with the overage product"),
        ],
        string="When Used Up",
        default='flag',
        required=True,
        help="What becomes of time for which no pack of the client has hours left.",
    )
    support_overage_product_id = fields.Many2one(
        comodel_name='product.product',
        string="Overage Product",
        domain="[('type', '=', 'service'), ('invoice_policy', '=', 'delivery'),"
               " ('service_type', '=', 'timesheet'), ('service_tracking', '=', 'no'),"
               " ('is_support_pack', '=', False)]",
        check_company=True,
    )
    support_rounding_minutes = fields.Integer(
        string="Rounded up to",
        help="Each entry is billed in steps of this many minutes. The time worked stays as it is.",
    )
    support_minimum_minutes = fields.Integer(
        string="Minimum",
        help="Each entry is billed with at least this many minutes.",
    )

    _support_minutes = models.Constraint(
        'CHECK (support_rounding_minutes BETWEEN 0 AND 480'
        ' AND support_minimum_minutes BETWEEN 0 AND 480)',
        "The rounding and the minimum are between 0 and 480 minutes.",
    )
    _support_months = models.Constraint(
        'CHECK (support_validity_months BETWEEN 0 AND 120'
        ' AND support_rollover_months BETWEEN 0 AND 120)',
        "The validity is between 0 and 120 months.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('support_overage_product_id')
    def _check_support_overage_product_id(self):
        for template in self.filtered('support_overage_product_id'):
            product = template.support_overage_product_id
            if product.is_support_pack or not product._is_time_and_materials():
                raise ValidationError(self.env._(
                    "Choose the product with which hours beyond %(pack)s are billed: a service in "
                    "a unit of time that is invoiced based on timesheets and is no pack itself.",
                    pack=template.display_name,
                ))

    @api.constrains('support_renewal', 'is_support_pack', 'invoice_policy', 'service_type')
    def _check_support_renewal(self):
        for template in self.filtered(lambda template: template.support_renewal == 'monthly'):
            if not template.is_support_pack or template.invoice_policy != 'order':
                raise ValidationError(self.env._(
                    "%(plan)s is sold every month: make it a support pack that is invoiced as a "
                    "prepaid or fixed price.",
                    plan=template.display_name,
                ))

    # === BUSINESS METHODS === #

    def _get_billed_hours(self, hours):
        """ Return what is billed of the hours of one entry: rounded up, and at least the minimum.

        :param float hours: the time worked, in hours
        :rtype: float
        """
        self.ensure_one()
        if hours <= 0:
            return hours
        minutes = hours * 60
        if step := self.support_rounding_minutes:
            # a second is no further step: minutes are kept as fractions of an hour
            minutes = -(-round(minutes - 1 / 60, 4) // step) * step
        return max(minutes, self.support_minimum_minutes) / 60
