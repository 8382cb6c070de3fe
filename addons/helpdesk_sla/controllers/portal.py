from werkzeug.urls import url_encode

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.portal.controllers.portal import CustomerPortal, pager as portal_pager


class HelpdeskPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'ticket_count' in counters:
            tickets = request.env['helpdesk.ticket']
            values['ticket_count'] = (
                tickets.search_count([]) if tickets.has_access('read') else 0
            )
        if 'key_user_ticket_count' in counters:
            tickets = request.env['helpdesk.ticket']
            values['key_user_ticket_count'] = (
                tickets.search_count(tickets._get_key_user_domain())
                if self._is_key_user() else 0
            )
        return values

    # === LIST === #

    def _get_ticket_searchbar_sortings(self):
        return {
            'newest': {'label': request.env._("Newest"), 'order': 'open_date desc, id desc'},
            'deadline': {'label': request.env._("Deadline"), 'order': 'sla_deadline, id desc'},
            'update': {
                'label': request.env._("Last Change"),
                'order': 'date_last_stage_update desc, id desc',
            },
            'name': {'label': request.env._("Subject"), 'order': 'name, id desc'},
        }

    def _get_ticket_searchbar_filters(self):
        tickets = request.env['helpdesk.ticket']
        return {
            'all': {'label': request.env._("All"), 'domain': Domain.TRUE},
            'open': {'label': request.env._("Open"), 'domain': Domain('is_closed', '=', False)},
            'waiting': {
                'label': request.env._("Waiting for You"),
                'domain': Domain('stage_type', '=', 'customer'),
            },
            'closed': {'label': request.env._("Closed"), 'domain': Domain('is_closed', '=', True)},
            'late': {
                'label': request.env._("Promise Not Kept"),
                'domain': tickets._get_portal_promise_domain('late'),
            },
            'soon': {
                'label': request.env._("Promise Due Soon"),
                'domain': tickets._get_portal_promise_domain('soon'),
            },
            **({
                'mine': {
                    'label': request.env._("Mine"),
                    'domain': Domain('partner_id', '=', request.env.user.partner_id.id),
                },
            } if self._sees_colleagues() else {}),
            **({
                'key_user': {
                    'label': request.env._("For You to Answer"),
                    'domain': tickets._get_key_user_domain(),
                },
            } if self._is_key_user() else {}),
        }

    def _sees_colleagues(self):
        """ Return whether the visitor may see tickets of others. """
        user = request.env.user
        return bool(
            user.partner_id.helpdesk_portal_role != 'own' or user.helpdesk_department_ids,
        )

    def _is_key_user(self):
        return bool(request.env.user.partner_id.helpdesk_key_department_ids)

    def _get_ticket_searchbar_groupby(self):
        return {
            'none': {'label': request.env._("None")},
            'stage_id': {'label': request.env._("Stage")},
            'team_id': {'label': request.env._("Team")},
            **({
                'partner_id': {'label': request.env._("Person")},
                'department_id': {'label': request.env._("Department")},
            } if self._sees_colleagues() else {}),
        }

    def _get_ticket_searchbar_inputs(self):
        return {
            'all': {'input': 'all', 'label': request.env._("Search in All")},
            'name': {'input': 'name', 'label': request.env._("Search in Subject")},
            'ticket_ref': {'input': 'ticket_ref', 'label': request.env._("Search in Reference")},
            'description': {
                'input': 'description', 'label': request.env._("Search in Description"),
            },
        }

    def _get_ticket_search_domain(self, search_in, search):
        """ Return the domain of the tickets that contain what was typed. """
        fnames = ('name', 'ticket_ref', 'description')
        return Domain.OR(
            Domain(fname, 'ilike', search) for fname in fnames if search_in in (fname, 'all')
        )

    def _get_option(self, options, key):
        """ Return the option that an address names, the first one for an unknown name. """
        return key if key in options else next(iter(options))

    def _get_ticket_list_domain(self, filterby, search, search_in):
        """ Return the domain of what the list shows, for whatever an address names. """
        filters = self._get_ticket_searchbar_filters()
        domain = filters[self._get_option(filters, filterby)]['domain']
        if search:
            inputs = self._get_ticket_searchbar_inputs()
            domain &= self._get_ticket_search_domain(self._get_option(inputs, search_in), search)
        return domain

    @http.route(
        ['/my/tickets', '/my/tickets/page/<int:page>'],
        type='http', auth='user', website=True, readonly=True,
    )
    def portal_my_tickets(
        self, page=1, sortby=None, filterby=None, search=None, search_in=None, groupby=None,
        **kwargs,
    ):
        tickets = request.env['helpdesk.ticket']
        sortings = self._get_ticket_searchbar_sortings()
        filters = self._get_ticket_searchbar_filters()
        groupings = self._get_ticket_searchbar_groupby()
        inputs = self._get_ticket_searchbar_inputs()
        sortby = self._get_option(sortings, sortby)
        filterby = self._get_option(filters, filterby)
        groupby = self._get_option(groupings, groupby)
        search_in = self._get_option(inputs, search_in)

        domain = self._get_ticket_list_domain(filterby, search, search_in)
        readable = tickets.has_access('read')
        url_args = {
            'sortby': sortby, 'filterby': filterby, 'groupby': groupby,
            'search': search, 'search_in': search_in,
        }
        pager = portal_pager(
            url='/my/tickets',
            url_args={key: value for key, value in url_args.items() if value},
            total=tickets.search_count(domain) if readable else 0,
            page=page,
            step=self._items_per_page,
        )
        order = sortings[sortby]['order']
        if groupby != 'none':
            order = f'{groupby}, {order}'
        if readable:
            tickets = tickets.search(
                domain, order=order, limit=self._items_per_page, offset=pager['offset'],
            )
        request.session['my_tickets_history'] = tickets.ids[:100]
        # sudo: helpdesk.stage, helpdesk.team - the names of where one's own tickets are; the
        # tickets were found with the visitor's own rights
        tickets_sudo = tickets.sudo()
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'tickets',
            'default_url': '/my/tickets',
            'pager': pager,
            'ticket_groups': (
                [(False, tickets_sudo)] if groupby == 'none'
                else list(tickets_sudo.grouped(groupby).items())
            ) if tickets else [],
            'format_moment': self._format_moment,
            'describe_promise': self._describe_promise,
            'searchbar_sortings': sortings,
            'searchbar_filters': filters,
            'searchbar_groupby': groupings,
            'searchbar_inputs': inputs,
            'sees_colleagues': self._sees_colleagues(),
            'export_url': '/my/tickets/export?' + url_encode(
                {key: value for key, value in url_args.items() if value},
            ),
            **url_args,
        })
        return request.render('helpdesk_sla.portal_my_tickets', values)

    # === TICKET === #

    def _get_ticket_sudo(self, ticket_id, access_token):
        """ Return the ticket as superuser, for a visitor with rights to it or with its token.

        :raise AccessError: if the visitor has neither
        :raise MissingError: if there is no such ticket
        """
        return self._document_check_access('helpdesk.ticket', ticket_id, access_token)

    def _get_merge_target_url(self, ticket_sudo, access_token, pid=None, hash=None, **_kwargs):
        """ Return where a merged ticket is handled, for a visitor who may see that ticket.

        With own rights to it; or with the token of the merged one, if both are the same
        customer's: only customers are sent tokens.
        """
        target = ticket_sudo._get_merge_target()
        if not target:
            return False
        target_sudo = target.sudo()
        if target.with_env(request.env).has_access('read'):
            return target_sudo.access_url
        if access_token and ticket_sudo._is_of_same_customer(target_sudo):
            pid = int(pid) if str(pid).isdigit() else 0
            signed = pid and hash and consteq(ticket_sudo._sign_token(pid), hash)
            return target_sudo._get_share_url(pid=pid if signed else None)
        return False

    def _get_visitor_tz(self):
        """ Return the zone of a visitor who is logged in; the ticket knows the customer's. """
        user = request.env.user
        return None if user._is_public() else user.tz

    def _format_moment(self, ticket_sudo, value, short=False):
        """ Return a UTC time as the visitor reads it: in the own zone, else the customer's. """
        return ticket_sudo.with_env(request.env(su=True))._format_customer_datetime(
            value, tz=self._get_visitor_tz(), short=short,
        )

    def _describe_promise(self, ticket_sudo, promise, short=False):
        """ Return how a promise stands, as the visitor reads it. """
        return ticket_sudo.with_env(request.env(su=True))._describe_portal_promise(
            promise, tz=self._get_visitor_tz(), short=short,
        )

    def _prepare_ticket_action_values(self, ticket_sudo, access_token):
        """ Return what a visitor who is logged in can do with the ticket.

        Who has only its link reads, answers and closes.
        """
        ticket = ticket_sudo.with_env(request.env)
        is_known = (
            not access_token and not request.env.user._is_public()
            and request.env.user._is_portal() and ticket.has_access('read')
        )
        may_watch = is_known and ticket._may_choose_watchers()
        return {
            'can_reopen': is_known and ticket_sudo.is_closed and not ticket_sudo.merged_into_id,
            'is_with_key_user': ticket_sudo.key_user_state == 'waiting',
            'can_answer_first': is_known and ticket._may_act_as_key_user(),
            'can_pass_on': is_known and ticket._may_pass_on(),
            'key_users': ticket_sudo.department_id.key_user_ids.mapped('name'),
            'may_watch': may_watch,
            'watchers': ticket._get_portal_watchers() if may_watch else [],
            'colleagues': ticket._get_portal_colleagues() if may_watch else [],
        }

    def _prepare_ticket_page_values(self, ticket_sudo, access_token, **kwargs):
        """ Return what the ticket's page shows. """
        # read with the visitor's language and zone, with the rights that were just checked
        ticket_sudo = ticket_sudo.with_env(request.env(su=True))
        promises = ticket_sudo._get_portal_promises()
        values = {
            'page_name': 'ticket',
            'ticket': ticket_sudo,
            'promises': promises,
            'is_customers_turn': ticket_sudo.stage_type == 'customer' or any(
                promise['pause'] and promise['pause']['kind'] == 'customer' for promise in promises
            ),
            'agreement_name': ticket_sudo._get_promise_agreement_name(),
            'attachments': ticket_sudo._get_portal_attachments(),
            'rating_token': (
                ticket_sudo._rating_get_access_token() if ticket_sudo._is_rating_welcome()
                and not ticket_sudo.rating_ids.filtered('consumed') else False
            ),
            'can_close': (
                ticket_sudo.team_id.allow_portal_ticket_closing and not ticket_sudo.is_closed
            ),
            'format_moment': self._format_moment,
            'describe_promise': self._describe_promise,
            **self._prepare_ticket_action_values(ticket_sudo, access_token),
        }
        return self._get_page_view_values(
            ticket_sudo, access_token, values, 'my_tickets_history', False, **kwargs,
        )

    @http.route('/my/tickets/<int:ticket_id>', type='http', auth='public', website=True)
    def portal_my_ticket(self, ticket_id, access_token=None, **kwargs):
        try:
            ticket_sudo = self._get_ticket_sudo(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        if target_url := self._get_merge_target_url(ticket_sudo, access_token, **kwargs):
            return request.redirect(target_url)
        values = self._prepare_ticket_page_values(
            ticket_sudo, access_token,
            **{key: value for key, value in kwargs.items() if key in ('pid', 'hash')},
        )
        values['is_new'] = bool(kwargs.get('new'))
        return request.render('helpdesk_sla.portal_my_ticket', values)

    @http.route(
        '/my/tickets/<int:ticket_id>/close',
        type='http', auth='public', methods=['POST'], website=True,
    )
    def portal_my_ticket_close(self, ticket_id, access_token=None, **kwargs):
        try:
            ticket_sudo = self._get_ticket_sudo(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        identity = {key: value for key, value in kwargs.items() if key in ('pid', 'hash')}
        try:
            # as the visitor, so that the thread names who closed it
            ticket_sudo.with_env(request.env(su=True))._portal_close()
        except UserError as error:
            values = self._prepare_ticket_page_values(
                ticket_sudo, access_token, error=str(error), **identity,
            )
            return request.render('helpdesk_sla.portal_my_ticket', values)
        if access_token:
            identity['access_token'] = access_token
        return request.redirect_query(f'/my/tickets/{ticket_sudo.id}', identity)
