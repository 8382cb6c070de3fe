from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ResCompany(models.Model):
    _inherit = 'res.company'

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._create_helpdesk_ticket_sequence()
        return companies

    def write(self, vals):
        result = super().write(vals)
        if 'resource_calendar_id' in vals:
            # sudo: helpdesk.ticket - working hours concern tickets, whoever chooses them
            self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(
                Domain('company_id', 'in', self.ids) & Domain('is_closed', '=', False),
            )
        return result

    def _create_helpdesk_ticket_sequence(self):
        """ Create the ticket numbering (HT00042) of the companies that have none. """
        # sudo: ir.sequence - a new company needs its numbering, whoever may create companies
        sequences = self.env['ir.sequence'].sudo()
        numbered = sequences.search(
            [('code', '=', 'helpdesk.ticket'), ('company_id', 'in', self.ids)],
        ).company_id
        sequences.create([
            {
                'name': self.env._("Helpdesk Ticket"),
                'code': 'helpdesk.ticket',
                'prefix': 'HT',
                'padding': 5,
                'company_id': company.id,
            }
            for company in self - numbered
        ])

    def _next_helpdesk_ticket_refs(self, count):
        """ Draw ticket references of the company, in one query where the numbering allows it.

        :param int count: how many
        :rtype: list[str]
        """
        self.ensure_one()
        if not count:
            return []
        self.env['ir.sequence'].flush_model()
        # asks for the numbering and draws from it in one query: every ticket does
        drawn = self.env.execute_query(SQL(
            "SELECT nextval('ir_sequence_' ||"
            " lpad(seq.id::text, greatest(3, length(seq.id::text)), '0')),"
            " seq.prefix, seq.suffix, seq.padding FROM ("
            " SELECT * FROM ir_sequence WHERE active AND code = 'helpdesk.ticket'"
            " AND (company_id = %(company)s OR company_id IS NULL) ORDER BY company_id LIMIT 1"
            ") seq, generate_series(1, %(count)s)"
            " WHERE seq.implementation = 'standard' AND seq.use_date_range IS NOT TRUE"
            " AND position(%(placeholder)s IN concat(seq.prefix, seq.suffix)) = 0",
            company=self.id, count=count, placeholder='%',
        ))
        if drawn:
            return [
                f"{prefix or ''}{number:0{padding}d}{suffix or ''}"
                for number, prefix, suffix, padding in drawn
            ]
        # sudo: ir.sequence - every channel draws numbers, also for visitors
        sequence = self.env['ir.sequence'].sudo().search_fetch(
            [('code', '=', 'helpdesk.ticket'), ('company_id', 'in', [self.id, False])],
            order='company_id', limit=1,
        )
        if not sequence:
            self._create_helpdesk_ticket_sequence()
            return self._next_helpdesk_ticket_refs(count)
        if sequence.implementation != 'standard' or sequence.use_date_range:
            return [sequence.next_by_id() for _index in range(count)]
        prefix, suffix = sequence._get_prefix_suffix()
        return [
            f'{prefix}{number:0{sequence.padding}d}{suffix}'
            for number, in self.env.execute_query(SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f'ir_sequence_{sequence.id:03d}', count,
            ))
        ]
