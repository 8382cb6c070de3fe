from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class HypercareReviewItem(models.Model):
    """ What comes in the next iteration is quoted to the client (G6). """

    _inherit = 'hypercare.review.item'

    sale_order_id = fields.Many2one(
        comodel_name='sale.order', string="Quotation", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_outcome_fields(self):
        return [*super()._get_outcome_fields(), 'sale_order_id']

    @api.model
    def _get_next_iteration_model(self):
        """ Take the items whatever else is installed: quoted is further than proposed. """
        return 'sale.order'

    def _create_next_iteration(self):
        """ Make one quotation of the items, with a section for each. """
        if self._get_next_iteration_model() != 'sale.order':
            return super()._create_next_iteration()
        # sudo: sale.order - what the review decided goes to sales, whether or not the supervisor of
        # the window works there
        items = self.sudo()
        orders = self.env['sale.order'].sudo()
        for review, group in items.grouped('review_id').items():
            order = orders.with_company(review.company_id).create(
                group._prepare_next_order_values(),
            )
            group.sale_order_id = order
            order.message_post_with_source(
                'mail.message_origin_link',
                render_values={'self': order, 'origin': review.period_id},
                subtype_xmlid='mail.mt_note',
            )
            orders |= order
        return orders

    def _prepare_next_order_values(self):
        """ Return the values of the quotation of items of one review.

        :rtype: dict
        :raise UserError: if no team sells time
        """
        period = self.review_id.period_id
        product = period._get_improvement_product()
        if not product:
            raise UserError(self.env._(
                "Nothing is sold to develop with. Choose the time and materials product of "
                "%(team)s, in its settings, first.",
                team=period.team_id.name,
            ))
        contact = period.coordinator_id or period.partner_id
        product = product.with_context(lang=contact.lang)
        return {
            'partner_id': contact.id,
            'company_id': period.company_id.id,
            'origin': period.name,
            # the time spent is paid, not the estimate: the signature is what confirms it
            'require_signature': True,
            'require_payment': False,
            'order_line': [
                Command.create(line)
                for item in self.sorted(lambda item: (item.sequence, item.id))
                for line in item._prepare_next_order_lines(product)
            ],
        }

    def _prepare_next_order_lines(self, product):
        """ Return the values of the lines of an item: a section, the hours, what it is about.

        The quantity is what its tickets are estimated at, at least one hour: what is invoiced is
        the time delivered.

        :param product: the product.product, in the client's language
        :rtype: list[dict]
        """
        self.ensure_one()
        quantity = self.env.ref('uom.product_uom_hour')._compute_quantity(
            sum(self.ticket_ids.mapped('estimated_hours')), product.uom_id,
            rounding_method='HALF-UP',
        )
        lines = [
            {'display_type': 'line_section', 'name': self.name},
            {
                'product_id': product.id,
                # the second line is what an order line is called by in lists
                'name': '\n'.join(filter(None, [
                    product.display_name, self.name, product.description_sale,
                ])),
                'product_uom_qty': quantity or 1.0,
            },
        ]
        item = self.with_context(lang=product.env.context.get('lang'))
        note = '\n'.join(filter(None, [
            self.process and item.env._("Process: %(process)s", process=self.process),
            self.owner_id and item.env._("Process owner: %(owner)s", owner=self.owner_id.name),
            self.description,
        ]))
        if note:
            lines.append({'display_type': 'line_note', 'name': note})
        return lines
