def migrate(cr, version):
    """ Say of the time that was free before why it is; nothing is moved. """
    cr.execute("""
        UPDATE account_analytic_line entry
           SET billing_free_reason = CASE
                   WHEN entry.billing_waiver IS NOT NULL THEN 'waiver'
                   WHEN team.use_helpdesk_sale_timesheet IS NOT TRUE THEN 'team'
                   WHEN ticket.billing_scope = 'defect' THEN 'defect'
               END
          FROM helpdesk_ticket ticket
          JOIN helpdesk_team team ON team.id = ticket.team_id
         WHERE ticket.id = entry.helpdesk_ticket_id
           AND entry.billing_kind = 'free'
    """)
