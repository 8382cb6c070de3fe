import { registry } from "@web/core/registry";

/** Opens the next ticket; one that was reached the same way gives way to it. */
export async function openNextTicket(env, action) {
    const current = env.services.action.currentController;
    await env.services.action.doAction(
        {
            type: "ir.actions.act_window",
            res_model: "helpdesk.ticket",
            res_id: action.params.ticket_id,
            views: [[false, "form"]],
            context: { helpdesk_next_ticket: true },
        },
        current?.action.context?.helpdesk_next_ticket
            ? { stackPosition: "replaceCurrentAction" }
            : {}
    );
}

registry.category("actions").add("helpdesk_sla.next_ticket", openNextTicket);
