import io
import logging

import xlsxwriter

from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from .portal import HelpdeskPortal

_logger = logging.getLogger(__name__)

EXPORT_LIMIT = 10_000
XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'


class HelpdeskPortalActions(HelpdeskPortal):
    """ What a client's user does in the portal, logged in. """

    # === EXPORT === #

    @http.route('/my/tickets/export', type='http', auth='user', website=True, readonly=True)
    def portal_my_tickets_export(
        self, sortby=None, filterby=None, search=None, search_in=None, **kwargs,
    ):
        """ Send what the list shows as a spreadsheet. """
        tickets = request.env['helpdesk.ticket']
        sortings = self._get_ticket_searchbar_sortings()
        domain = self._get_ticket_list_domain(filterby, search, search_in)
        found = tickets.search(
            domain, order=sortings[self._get_option(sortings, sortby)]['order'],
            limit=EXPORT_LIMIT,
        ) if tickets.has_access('read') else tickets
        # sudo: helpdesk.ticket - names of teams and colleagues; found with the visitor's rights
        table = self._prepare_ticket_table(found.sudo())
        return request.make_response(self._write_spreadsheet(table), headers=[
            ('Content-Type', XLSX),
            ('Content-Disposition', content_disposition(f"{request.env._('Tickets')}.xlsx")),
        ])

    def _prepare_ticket_table(self, tickets_sudo):
        """ Return the rows of the export, the names of the columns first.

        :rtype: list[list]
        """
        ticket_fields = tickets_sudo._fields
        priorities = dict(ticket_fields['priority']._description_selection(request.env))
        rows = [[
            request.env._("Reference"), request.env._("Subject"), request.env._("Person"),
            request.env._("Department"), request.env._("Team"), request.env._("Priority"),
            request.env._("Stage"), request.env._("Created"), request.env._("Closed"),
            request.env._("Next Promise"),
        ]]
        for ticket in tickets_sudo:
            promise = not ticket.is_closed and ticket._get_next_portal_promise()
            rows.append([
                ticket.ticket_ref, ticket.name, ticket.partner_id.name or '',
                ticket.department_id.name or '', ticket.team_id.name, priorities[ticket.priority],
                ticket.stage_id.name or '', self._get_local_moment(ticket, ticket.open_date),
                self._get_local_moment(ticket, ticket.close_date),
                self._get_local_moment(ticket, promise and promise['deadline']),
            ])
        return rows

    def _get_local_moment(self, ticket_sudo, value):
        """ Return a UTC time as a naive one in the visitor's zone, for a spreadsheet. """
        if not value:
            return ''
        zone = self._get_visitor_tz() or ticket_sudo._get_customer_tz()
        return fields.Datetime.context_timestamp(
            ticket_sudo.with_context(tz=zone), value,
        ).replace(tzinfo=None)

    def _write_spreadsheet(self, table):
        """ Return a table as the bytes of a spreadsheet.

        What customers wrote stays text, also when it looks like a formula or a link.
        """
        output = io.BytesIO()
        with xlsxwriter.Workbook(output, {
            'in_memory': True, 'strings_to_formulas': False, 'strings_to_urls': False,
            'default_date_format': 'yyyy-mm-dd hh:mm',
        }) as workbook:
            sheet = workbook.add_worksheet()
            header = workbook.add_format({'bold': True})
            for number, row in enumerate(table):
                sheet.write_row(number, 0, row, header if not number else None)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(table) - 1, 1), len(table[0]) - 1)
            sheet.set_column(0, len(table[0]) - 1, 18)
            sheet.set_column(1, 1, 50)
        return output.getvalue()

    # === NEW TICKET === #

    def _read_uploads(self):
        """ Return the files of the request, as pairs of a name and the content. """
        return [
            (file.filename, file.read())
            for file in request.httprequest.files.getlist('files') if file.filename
        ]

    def _render_new_ticket(self, values, error=None):
        tickets = request.env['helpdesk.ticket']
        return request.render('helpdesk_sla.portal_my_ticket_new', {
            **self._prepare_portal_layout_values(),
            'page_name': 'new_ticket',
            'teams': tickets._get_portal_teams(),
            'impacts': tickets._get_portal_impacts(),
            'limits': tickets._get_upload_limits(),
            'values': values,
            'error': error,
        })

    @http.route('/my/tickets/new', type='http', auth='user', website=True, methods=['GET'])
    def portal_my_ticket_new(self, **kwargs):
        return self._render_new_ticket({
            key: value for key, value in kwargs.items() if key in ('name', 'team_id', 'priority')
        })

    @http.route(
        '/my/tickets/new/send', type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_my_ticket_send(self, **kwargs):
        tickets = request.env['helpdesk.ticket']
        values = {
            key: kwargs.get(key) or ''
            for key in ('name', 'description', 'team_id', 'priority')
        }
        try:
            with request.env.cr.savepoint():
                ticket_sudo = tickets._portal_create(values, self._read_uploads())
        except UserError as error:
            if isinstance(error, (AccessError, MissingError)):
                # their texts name models and records
                _logger.exception("A ticket from the portal was refused")
                error = request.env._(
                    "Your request could not be sent. Please try again later, or write to us by "
                    "e-mail.",
                )
            return self._render_new_ticket(values, error=str(error))
        return request.redirect(f'/my/tickets/{ticket_sudo.id}?new=1')

    # === ON A TICKET === #

    def _act_on_ticket(self, ticket_id, action, anchor=''):
        """ Let the visitor do something with a ticket, and show it.

        :param function action: called with the ticket, with the visitor's rights; a UserError of
            it is shown on the page
        """
        ticket = request.env['helpdesk.ticket'].browse(ticket_id)
        try:
            # sudo: helpdesk.ticket - where the visitor may read it, see _get_ticket_sudo
            ticket_sudo = self._get_ticket_sudo(ticket_id, None)
            with request.env.cr.savepoint():
                action(ticket)
        except (AccessError, MissingError):
            return request.redirect('/my')
        except UserError as error:
            values = self._prepare_ticket_page_values(ticket_sudo, None, error=str(error))
            return request.render('helpdesk_sla.portal_my_ticket', values)
        return request.redirect(f'/my/tickets/{ticket_id}{anchor}')

    @http.route(
        '/my/tickets/<int:ticket_id>/reopen',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_my_ticket_reopen(self, ticket_id, reason='', **kwargs):
        return self._act_on_ticket(ticket_id, lambda ticket: ticket._portal_reopen(reason))

    @http.route(
        '/my/tickets/<int:ticket_id>/watch',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_my_ticket_watch(self, ticket_id, email='', **kwargs):
        return self._act_on_ticket(
            ticket_id, lambda ticket: ticket._portal_add_watcher(email), '#ticket_watchers',
        )

    @http.route(
        '/my/tickets/<int:ticket_id>/unwatch/<int:partner_id>',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_my_ticket_unwatch(self, ticket_id, partner_id, **kwargs):
        return self._act_on_ticket(
            ticket_id, lambda ticket: ticket._portal_remove_watcher(partner_id),
            '#ticket_watchers',
        )

    @http.route(
        '/my/tickets/<int:ticket_id>/key_user',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_my_ticket_key_user(self, ticket_id, text='', answer='', **kwargs):
        """ Let the key user answer the ticket, or pass it on. """
        return self._act_on_ticket(
            ticket_id,
            lambda ticket: (
                ticket._portal_answer_as_key_user(text) if answer
                else ticket._portal_pass_on(text)
            ),
        )
