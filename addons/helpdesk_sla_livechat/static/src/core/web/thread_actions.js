import { registerThreadAction } from "@mail/core/common/thread_actions";

import { _t } from "@web/core/l10n/translation";

/** @param {import("models").Thread} thread */
function openTicket(thread) {
    const { action, ui } = thread.store.env.services;
    if (ui.isSmall) {
        thread.store.ChatWindow.get({ thread })?.fold();
    } else {
        // the conversation goes on beside the ticket
        thread.openChatWindow({ focus: true });
    }
    return action.doAction({
        type: "ir.actions.act_window",
        res_model: "helpdesk.ticket",
        res_id: thread.helpdesk_ticket_id,
        views: [[false, "form"]],
        target: "current",
    });
}

registerThreadAction("helpdesk-ticket", {
    condition: ({ owner, store, thread }) =>
        thread?.channel_type === "livechat" &&
        store.has_access_create_ticket &&
        !owner.isDiscussSidebarChannelActions,
    icon: ({ thread }) =>
        thread?.helpdesk_ticket_id ? "fa fa-fw fa-ticket" : "fa fa-fw fa-life-ring",
    name: ({ thread }) =>
        thread?.helpdesk_ticket_id
            ? _t("View Ticket %s", thread.helpdesk_ticket_ref)
            : _t("Create Ticket"),
    nameClass: ({ thread }) => (thread?.helpdesk_ticket_id ? "text-primary" : ""),
    async open({ thread }) {
        if (thread.helpdesk_ticket_id) {
            return openTicket(thread);
        }
        const ticket = await thread.store.env.services.orm.call(
            "discuss.channel",
            "action_create_helpdesk_ticket",
            [[thread.id]]
        );
        thread.helpdesk_ticket_id = ticket.id;
        thread.helpdesk_ticket_ref = ticket.ref;
    },
    sequence: 5,
    sequenceGroup: 25,
});
