from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """ Give the policies that were there before escalation levels the levels of a new policy.

    Customers whose request nobody has answered wait since they made it.

    What the queue shows as approaching or breached already is no news: it does not fire.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    cr.execute("""
        UPDATE helpdesk_sla_status
           SET escalated_percentage = CASE
               WHEN deadline <= now() AT TIME ZONE 'UTC' THEN 100 ELSE 75 END
         WHERE result IS NULL AND warning_date <= now() AT TIME ZONE 'UTC'
    """)
    cr.execute("""
        UPDATE helpdesk_ticket
           SET customer_waiting_since = open_date
         WHERE first_response_date IS NULL AND is_closed IS NOT TRUE
    """)
    env['helpdesk.sla.status'].invalidate_model(['escalated_percentage'])
    policies = env['helpdesk.sla'].with_context(active_test=False).search(
        [('escalation_ids', '=', False)],
    )
    _update_rules(env)
    # open tickets follow in the background
    policies.write({'escalation_ids': policies._default_escalation_ids()})


def _update_rules(env):
    """ Name the teams that are open to a user in the rules, which are loaded only once. """
    for name, prefix in (
        ('helpdesk_ticket_rule_user', ''),
        ('helpdesk_sla_status_rule_user', 'ticket_id.'),
        ('helpdesk_sla_pause_rule_user', 'ticket_id.'),
    ):
        rule = env.ref(f'helpdesk_sla.{name}', raise_if_not_found=False)
        if rule:
            company = "('company_id', 'in', company_ids), " if prefix else ''
            everything = f"[{company.strip(', ')}]"
            rule.domain_force = (
                f"{everything} if user.is_every_helpdesk_team_open else"
                f" [{company}'|', '|', ('{prefix}team_id', 'in', user.helpdesk_team_ids.ids),"
                f" ('{prefix}message_partner_ids', 'in', user.partner_id.id),"
                f" ('{prefix}user_id', '=', user.id)]"
            )
    rule = env.ref('helpdesk_sla.helpdesk_team_rule_user', raise_if_not_found=False)
    if rule:
        rule.domain_force = "[('id', 'in', user.helpdesk_team_ids.ids)]"
