import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = 'res.company'

    support_included_hours = fields.Float(
        string="Included up to",
        default=1.0,
        help="A request whose type leaves it open is support up to this estimate, in hours, and an "
             "improvement above it.",
    )
    support_balance_thresholds = fields.Char(
        string="Low Balance at",
        default='20, 0',
        help="When this much of a support pack is left, in percent, the client and the account "
             "manager are told, once at each step.",
    )
    support_expiry_notice_days = fields.Integer(
        string="Expiry Notice",
        default=14,
        help="How many days before a support pack expires the client and the account manager are "
             "told. 0: never.",
    )
    support_uninvoiced_days = fields.Integer(
        string="Late to Invoice after",
        default=30,
        help="Time that is delivered and not invoiced for this many days is listed as leakage.",
    )
    support_show_hours_portal = fields.Boolean(
        string="Show Hours to Clients",
        default=True,
        help="Clients see on the page of a ticket how much time was spent on it, and what pays for "
             "it.",
    )
    support_unanswered_days = fields.Integer(
        string="Unanswered after",
        default=7,
        help="A quotation for a ticket that is not answered for this many days is listed as "
             "leakage.",
    )
    support_statement_send = fields.Selection(
        selection=[('no', "By hand"), ('auto', "By themselves")],
        string="Statements Are Sent",
        default='no',
        required=True,
        help="The statements of a month are made on the first day of the next one. By hand: they "
             "wait as drafts until somebody sends them.",
    )
    support_statement_month = fields.Date(
        readonly=True, export_string_translation=False,
        help="Technical: the last month of which the statements were made.",
    )

    _support_included_hours = models.Constraint(
        'CHECK (support_included_hours >= 0)',
        "The hours up to which a request is included cannot be negative.",
    )
    _support_expiry_notice_days = models.Constraint(
        'CHECK (support_expiry_notice_days >= 0)',
        "The days of the expiry notice cannot be negative.",
    )
    _support_uninvoiced_days = models.Constraint(
        'CHECK (support_uninvoiced_days >= 0)',
        "The days after which time is late to invoice cannot be negative.",
    )
    _support_unanswered_days = models.Constraint(
        'CHECK (support_unanswered_days >= 0)',
        "The days after which a quotation is unanswered cannot be negative.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('support_balance_thresholds')
    def _check_support_balance_thresholds(self):
        for company in self.filtered('support_balance_thresholds'):
            parts = re.split(r'[,;\s]+', company.support_balance_thresholds.strip())
            if not all(part.isdecimal() and int(part) <= 100 for part in parts):
                raise ValidationError(self.env._(
                    "%(text)s is not a list of percentages. Write for example: 20, 0",
                    text=company.support_balance_thresholds,
                ))

    # === BUSINESS METHODS === #

    def _get_support_balance_thresholds(self):
        """ Return the percentages at which a low balance is told, the highest first.

        :rtype: list[int]
        """
        self.ensure_one()
        return sorted(
            {int(part) for part in re.findall(r'\d+', self.support_balance_thresholds or '')},
            reverse=True,
        )
