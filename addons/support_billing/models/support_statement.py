import logging

from dateutil.relativedelta import relativedelta
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_date, split_every

_logger = logging.getLogger(__name__)


class SupportStatement(models.Model):
    """ What the support of one client was in one month (W8): promises, hours, packs, credits.

    The figures are counted by `_get_figures` and kept here: until the statement is sent they can be
    counted anew, from then on they are what the client was told.
    """

    _name = 'support.statement'
    _description = "Client Statement"
    _inherit = ['portal.mixin', 'mail.thread']
    _order = 'date_start desc, id desc'
    _rec_names_search = ['partner_id']
    _check_company_auto = True

    partner_id = fields.Many2one(
        comodel_name='res.partner',
        string="Client",
        domain=[('parent_id', '=', False)],
        required=True,
        index=True,
        check_company=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(
        comodel_name='res.company',
        default=lambda self: self.env.company,
        required=True,
        index=True,
    )
    date_start = fields.Date(
        string="From",
        default=lambda self: self._default_date_start(),
        required=True,
        help="The first day of the month.",
    )
    date_end = fields.Date(
        string="To", compute='_compute_date_end', store=True, help="The last day of the month.",
    )
    month = fields.Char(compute='_compute_month')
    contact_id = fields.Many2one(
        comodel_name='res.partner',
        string="Sent to",
        compute='_compute_contact_id',
        store=True,
        readonly=False,
        domain="[('id', 'child_of', partner_id)]",
        check_company=True,
        ondelete='restrict',
        help="The contact of the client who gets the statement: the signatory of the agreement, "
             "unless you choose another one.",
    )
    state = fields.Selection(
        selection=[('draft', "Draft"), ('sent', "Sent")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    sent_date = fields.Datetime(string="Sent on", readonly=True, copy=False)

    # what was counted
    figures = fields.Json(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: what the statement says, see `_get_figures`.",
    )
    counted_date = fields.Datetime(string="Counted on", readonly=True, copy=False)
    breach_ids = fields.One2many(
        comodel_name='support.statement.breach',
        inverse_name='statement_id',
        string="Promises Broken",
        copy=False,
    )
    promised_count = fields.Integer(
        string="Promised", readonly=True, copy=False,
        help="Promises that were kept or broken in the month, as the SLA Analysis counts them.",
    )
    kept_count = fields.Integer(string="Kept", readonly=True, copy=False)
    compliance = fields.Float(
        string="Kept (%)",
        compute='_compute_compliance',
        store=True,
        aggregator=None,
        digits=(16, 1),
    )
    hours_worked = fields.Float(readonly=True, copy=False)
    hours_billed = fields.Float(
        readonly=True, copy=False, help="The hours that packs and orders are charged with.",
    )
    currency_id = fields.Many2one(comodel_name='res.currency', readonly=True, copy=False)
    credit_amount = fields.Monetary(string="Credit Due", readonly=True, copy=False)
    document = fields.Html(
        compute='_compute_document', sanitize=False, export_string_translation=False,
        help="Technical: the statement as the client reads it.",
    )

    credit_note_id = fields.Many2one(
        comodel_name='account.move',
        string="Credit Note",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='base.group_user',
    )

    _month_uniq = models.Constraint(
        'UNIQUE (partner_id, company_id, date_start)',
        "This client has a statement of this month already.",
    )
    _first_day = models.Constraint(
        'CHECK (EXTRACT(DAY FROM date_start) = 1)',
        "A statement is of a whole month: choose its first day.",
    )
    _credit_note_uniq = models.UniqueIndex(
        '(credit_note_id) WHERE credit_note_id IS NOT NULL',
        "A credit note is of one statement.",
    )

    def _default_date_start(self):
        return fields.Date.context_today(self) + relativedelta(months=-1, day=1)

    # === COMPUTE METHODS === #

    @api.depends('partner_id.name', 'date_start')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = self.env._(
                "%(client)s, %(month)s",
                # sudo: res.partner - whoever sees the statement knows whose it is
                client=statement.partner_id.sudo().name,
                month=statement._format_month(),
            )

    def _compute_access_url(self):
        super()._compute_access_url()
        for statement in self:
            statement.access_url = f'/my/statements/{statement.id}'

    @api.depends('date_start')
    def _compute_date_end(self):
        for statement in self:
            statement.date_end = statement.date_start and statement.date_start + relativedelta(
                day=31,
            )

    @api.depends('date_start')
    @api.depends_context('lang')
    def _compute_month(self):
        for statement in self:
            statement.month = statement._format_month()

    @api.depends('partner_id', 'company_id', 'date_start')
    def _compute_contact_id(self):
        """ Send it to whoever signed the latest agreement, else to the client itself. """
        # sudo: helpdesk.sla.agreement - only who the signatory is
        agreements = self.env['helpdesk.sla.agreement'].sudo().search([
            ('commercial_partner_id', 'in', self.partner_id.ids),
            ('step', '=', 'signed'),
        ], order='date_start')
        signatories = {
            (agreement.commercial_partner_id, agreement.company_id): agreement.contact_id
            for agreement in agreements if agreement.contact_id
        }
        for statement in self:
            statement.contact_id = signatories.get(
                (statement.partner_id, statement.company_id), statement.partner_id,
            )

    @api.depends('promised_count', 'kept_count')
    def _compute_compliance(self):
        for statement in self:
            statement.compliance = (
                statement.kept_count / statement.promised_count * 100
                if statement.promised_count else 0.0
            )

    @api.depends('figures', 'breach_ids.reason')
    @api.depends_context('lang')
    def _compute_document(self):
        for statement in self:
            statement.document = statement.figures and self.env['ir.qweb']._render(
                'support_billing.support_statement_document', {'statement': statement},
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id', 'contact_id')
    def _check_partner_id(self):
        for statement in self:
            client = statement.partner_id.commercial_partner_id
            if statement.partner_id != client:
                raise ValidationError(self.env._(
                    "A statement is made for a company, not for one of its contacts. Choose "
                    "%(client)s.",
                    client=client.name,
                ))
            if statement.contact_id.commercial_partner_id not in (client.browse(), client):
                raise ValidationError(self.env._(
                    "%(contact)s does not work for %(client)s. Choose a contact of the client.",
                    contact=statement.contact_id.name, client=client.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Count what the statements say, unless it was counted for them just now. """
        for vals in vals_list:
            self._check_counted_fields(vals)
        statements = super().create(vals_list)
        # sudo: support.statement - what is counted does not depend on who asks
        statements.filtered(lambda statement: not statement.figures).sudo()._count()
        return statements

    def write(self, vals):
        self._check_counted_fields(vals)
        if self._get_frozen_fields() & vals.keys():
            self.check_access('write')
            self._check_draft()
        result = super().write(vals)
        if {'partner_id', 'company_id', 'date_start'} & vals.keys():
            # sudo: support.statement - what is counted does not depend on who asks
            self.sudo()._count()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._check_draft()

    # === ACTION METHODS === #

    def action_recompute(self):
        """ Count anew what the statements say; the reasons of breaches are kept.

        :raise UserError: if one of them is sent
        """
        self.check_access('write')
        # sudo: support.statement - what is counted does not depend on who asks
        self.sudo()._count()

    def action_send(self):
        """ Send the statements to the clients, with the PDF. They change no more.

        :raise UserError: if a month is not over, or a client has no e-mail address
        """
        self.check_access('write')
        self._send()

    def action_mark_sent(self):
        """ Note that the clients got the statements by another way. They change no more. """
        self.check_access('write')
        self._freeze()

    def action_create_credit_note(self):
        """ Draft the credit note of what is due, or open the one that is there. """
        self.ensure_one()
        self.check_access('read')
        if not self.credit_note_id:
            if not self._may_credit():
                raise AccessError(self.env._(
                    "Credit notes of statements are drafted by administrators of the helpdesk and "
                    "by accountants.",
                ))
            self._create_credit_note()
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'account.move',
            'res_id': self.credit_note_id.id,
            'views': [(False, 'form')],
        } if self.env['account.move'].has_access('read') else False

    def action_preview(self):
        """ Show the statement as the client sees it. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url', 'target': 'self', 'url': self.get_portal_url(),
        }

    # === LIFE === #

    @api.model
    def _get_counted_fields(self):
        """ Return the names of the fields that only the system writes.

        :rtype: set[str]
        """
        return {
            'state', 'sent_date', 'figures', 'counted_date', 'promised_count', 'kept_count',
            'hours_worked', 'hours_billed', 'currency_id', 'credit_amount', 'credit_note_id',
        }

    @api.model
    def _get_frozen_fields(self):
        """ Return the names of the fields that nobody changes once the client has the statement.

        :rtype: set[str]
        """
        return self._get_counted_fields() - {'credit_note_id'} | {
            'partner_id', 'company_id', 'date_start', 'breach_ids', 'contact_id',
        }

    def _check_counted_fields(self, vals):
        if not self.env.su and self._get_counted_fields() & vals.keys():
            raise AccessError(self.env._(
                "The figures of a statement are counted, and cannot be written by hand.",
            ))

    def _check_draft(self):
        """ Refuse to change what the client has in hands.

        :raise UserError: if one of the statements is sent
        """
        for statement in self:
            if statement.state == 'sent':
                raise UserError(self.env._(
                    "The statement of %(statement)s is sent and can no longer be changed.",
                    statement=statement.display_name,
                ))

    def _freeze(self):
        """ Keep the statements as they are from now on.

        :raise UserError: if one of them is sent, or of a month that is not over
        """
        self._check_draft()
        today = fields.Date.context_today(self)
        for statement in self:
            if statement.date_end >= today:
                raise UserError(self.env._(
                    "%(month)s is not over yet. Send the statement from %(date)s on.",
                    month=statement._format_month(),
                    date=format_date(self.env, statement.date_end + relativedelta(days=1)),
                ))
        # sudo: support.statement - the state is kept by the system; the caller may write it
        self.sudo().write({'state': 'sent', 'sent_date': fields.Datetime.now()})

    # === FIGURES === #

    def _count(self):
        """ Count what the statements say and keep it. To be called as superuser.

        The same number of queries for any number of statements of a company and month. Reasons that
        were given for breaches are kept.

        :raise UserError: if one of them is sent
        """
        self._check_draft()
        reasons = {
            (breach.statement_id, breach.status_id): breach.reason
            for breach in self.breach_ids if breach.reason
        }
        self.breach_ids.unlink()
        breaches = []
        for (company, date_start), statements in self.grouped(
            lambda statement: (statement.company_id, statement.date_start),
        ).items():
            figures = self._get_figures(statements.partner_id, company, date_start)
            for statement in statements:
                values = self._prepare_figure_values(figures[statement.partner_id])
                breaches += [
                    {**breach, 'statement_id': statement.id}
                    for _command, _id, breach in values.pop('breach_ids')
                ]
                statement.write(values)
        created = self.env['support.statement.breach'].create(breaches)
        for breach in created:
            if reason := reasons.get((breach.statement_id, breach.status_id)):
                breach.reason = reason

    @api.model
    def _prepare_figure_values(self, figures):
        """ Return the values of a statement that says what was counted.

        :param dict figures: see `_get_figures`
        :rtype: dict
        """
        figures = dict(figures)
        breaches = figures.pop('breaches')
        return {
            'figures': figures,
            'counted_date': fields.Datetime.now(),
            'promised_count': sum(row['promised'] for row in figures['sla']),
            'kept_count': sum(row['kept'] for row in figures['sla']),
            'hours_worked': sum(row['worked'] for row in figures['hours']),
            'hours_billed': sum(row['billed'] for row in figures['hours']),
            'currency_id': figures['currency_id'],
            'credit_amount': sum(row['amount'] for row in figures['credits']),
            'breach_ids': [Command.create(breach) for breach in breaches],
        }

    # === CREDIT NOTE === #

    def _may_credit(self):
        """ Return whether the user may draft the credit note. """
        return (
            self.env.su
            or self.env.user.has_group('helpdesk_sla.group_helpdesk_manager')
            or self.env.user.has_group('account.group_account_invoice')
        )

    def _create_credit_note(self):
        """ Draft the credit note of what is due; the accountant decides and posts it.

        :return: the credit note
        :rtype: account.move
        :raise UserError: if nothing is due, or the statement can still change
        """
        self.ensure_one()
        # sudo: support.statement - two who press at once wait for each other
        self.sudo().lock_for_update(allow_referencing=True)
        self.invalidate_recordset(['credit_note_id'])
        if self.credit_note_id:
            raise UserError(self.env._("There is a credit note for this statement already."))
        if self.state != 'sent':
            raise UserError(self.env._(
                "Send the statement first: what is credited is what the client was told.",
            ))
        if self.currency_id.is_zero(self.credit_amount):
            raise UserError(self.env._("Nothing is due to the client for this month."))
        # sudo: account.move - a draft of what the agreement says, which an accountant posts or not
        credit_note = self.env['account.move'].sudo().with_company(self.company_id).create(
            self._prepare_credit_note_values(),
        )
        self.sudo().credit_note_id = credit_note
        credit_note.message_post_with_source(
            'mail.message_origin_link',
            render_values={'self': credit_note, 'origin': self.sudo()},
            subtype_xmlid='mail.mt_note',
        )
        return credit_note

    def _prepare_credit_note_values(self):
        """ Return the values of the credit note: a line for each agreement, in the client's words.

        :rtype: dict
        """
        self.ensure_one()
        statement = self.with_context(lang=self.partner_id.lang or self.env.lang)
        return {
            'move_type': 'out_refund',
            'company_id': self.company_id.id,
            'partner_id': self.partner_id.address_get(['invoice'])['invoice'],
            'currency_id': self.currency_id.id,
            'ref': statement.env._("Support statement, %s", statement._format_month()),
            'invoice_origin': statement.display_name,
            'invoice_line_ids': [
                Command.create({
                    'name': statement.env._(
                        "%(agreement)s, %(month)s: %(kept)s%% of the promises kept, credit of "
                        "%(credit)s%% of the monthly fee",
                        agreement=row['agreement'],
                        month=statement._format_month(),
                        kept=statement._format_number(row['compliance'], 1),
                        credit=statement._format_number(row['percentage'], 2),
                    ),
                    'quantity': 1.0,
                    'price_unit': row['amount'],
                })
                for row in self.figures['credits']
            ],
        }

    # === MAIL === #

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ['contact_id']

    def _get_recipient(self):
        """ Return the contact to whom the statement is sent. """
        self.ensure_one()
        return self.contact_id or self.partner_id

    def _get_lang(self):
        """ Return the language of the statement: that of whoever reads it. """
        self.ensure_one()
        return self._get_recipient().lang or self.partner_id.lang or self.env.lang

    def _get_mail_link(self):
        """ Return the link at which the statement is read without login. """
        self.ensure_one()
        return f'{self.get_base_url()}{self.get_portal_url()}'

    def _send(self):
        """ Send the statements, through the queue of e-mails, and freeze them.

        :raise UserError: if a client has no e-mail address, a month is not over, or it was sent
        """
        for statement in self:
            if not statement._get_recipient().email:
                raise UserError(self.env._(
                    "%(contact)s has no e-mail address. Add one, or choose another contact.",
                    contact=statement._get_recipient().display_name,
                ))
        self._freeze()
        template = self.env.ref('support_billing.mail_template_support_statement')
        for statement in self.with_context(mail_notify_force_send=False):
            statement.message_post_with_source(
                template,
                message_type='comment',
                subtype_xmlid='mail.mt_comment',
                email_layout_xmlid='helpdesk_sla.mail_layout_customer',
            )

    # === CRON METHODS === #

    @api.model
    def _cron_support_statements(self, batch_size=50):
        """ Make the statements of the last month, and send them where the company says so.

        Each company's are made once: a draft that is deleted afterwards is not made again. What is
        done is kept batch by batch, so that a run that ends early goes on where it stopped.

        :param int batch_size: how many statements are counted at once
        """
        month = self._default_date_start()
        companies = self.env['res.company'].search([], order='id')
        left = len(companies)
        self.env['ir.cron']._commit_progress(remaining=left)
        for company in companies:
            if not company.support_statement_month or company.support_statement_month < month:
                clients = self._get_clients(company, month)
                for ids in split_every(batch_size, clients.ids, list):
                    self._make_statements(clients.browse(ids), company, month)
                    if not self.env['ir.cron']._commit_progress(len(ids), remaining=left):
                        return
                company.support_statement_month = month
            if company.support_statement_send == 'auto':
                for statement in self.search([
                    ('company_id', '=', company.id),
                    ('date_start', '=', month),
                    ('state', '=', 'draft'),
                    ('contact_id.email', '!=', False),
                ], order='id'):
                    statement._send_alone()
                    if not self.env['ir.cron']._commit_progress(1, remaining=left):
                        return
            left -= 1
            if not self.env['ir.cron']._commit_progress(1, remaining=left):
                return

    @api.model
    def _get_clients(self, company, date_start):
        """ Return the clients who get a statement: with agreement, packs or tickets in the month.

        :param company: the res.company
        :param date date_start: the first day of the month
        :return: commercial entities
        :rtype: res.partner
        """
        date_end = date_start + relativedelta(day=31)
        start, end = self._get_period_bounds(company, date_start)
        of_company = Domain('company_id', '=', company.id)
        clients = self.env['helpdesk.sla.agreement'].search(
            of_company & Domain('step', '=', 'signed') & Domain('date_start', '<=', date_end)
            & (Domain('date_valid_to', '=', False) | Domain('date_valid_to', '>=', date_start)),
        ).commercial_partner_id
        for client, in self.env['helpdesk.ticket']._read_group(
            of_company & Domain('commercial_partner_id', '!=', False)
            & Domain('open_date', '<', end)
            & (Domain('is_closed', '=', False) | Domain('close_date', '>=', start)),
            ['commercial_partner_id'],
        ):
            clients |= client
        for client, in self.env['account.analytic.line']._read_group(
            self._get_hours_domain(company, date_start)
            & Domain('helpdesk_ticket_id.commercial_partner_id', '!=', False),
            ['helpdesk_ticket_id.commercial_partner_id'],
        ):
            clients |= client
        packs = self.env['sale.order.line'].search(
            self._get_packs_domain(company, date_start),
        ).filtered('support_hours_available')
        for line, row in self._get_pack_rows(packs, company, date_start).items():
            if row:
                clients |= line.order_partner_id.commercial_partner_id
        return clients.sorted('id')

    @api.model
    def _make_statements(self, clients, company, date_start):
        """ Create the statements of clients who have none.

        Somebody may create one of them at the same time: then all of the batch is looked at again,
        in a new transaction that sees it.

        :param clients: commercial entities, a res.partner
        :param company: the res.company
        :param date date_start: the first day of the month
        """
        try:
            clients -= self._search_made(clients, company, date_start).partner_id
            figures = self._get_figures(clients, company, date_start)
            self.create([
                {
                    'partner_id': client.id,
                    'company_id': company.id,
                    'date_start': date_start,
                    **self._prepare_figure_values(figures[client]),
                }
                for client in clients
            ])
            self.env.flush_all()
        except UniqueViolation:
            self.env.cr.rollback()
            self._make_statements(clients, company, date_start)

    @api.model
    def _search_made(self, clients, company, date_start):
        """ Return the statements of a month that clients have. """
        return self.search([
            ('partner_id', 'in', clients.ids),
            ('company_id', '=', company.id),
            ('date_start', '=', date_start),
        ])

    def _send_alone(self):
        """ Send one statement of a run; what fails is logged, and tried again tomorrow. """
        statement = self.try_lock_for_update(allow_referencing=True)
        if statement.state != 'draft':
            return
        try:
            with self.env.cr.savepoint():
                statement._send()
        except UserError as error:
            _logger.warning("Statement %s was not sent: %s", statement.id, error)
