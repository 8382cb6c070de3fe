import { livechatModels } from "@im_livechat/../tests/livechat_test_helpers";
import {
    click,
    contains,
    insertText,
    openDiscuss,
    setupChatHub,
    start,
    startServer,
} from "@mail/../tests/mail_test_helpers";

import { describe, expect, test } from "@odoo/hoot";

import {
    Command,
    defineModels,
    mockService,
    onRpc,
    patchWithCleanup,
    serverState,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class ResUsers extends livechatModels.ResUsers {
    /** @override */
    _init_store_data(store) {
        super._init_store_data(...arguments);
        store.add({ has_access_create_ticket: true });
    }
}
defineModels({ ...livechatModels, ResUsers });

/** An operator in a conversation with a visitor. */
async function beginChat() {
    const pyEnv = await startServer();
    pyEnv["res.users"].write([serverState.userId], {
        group_ids: pyEnv["res.groups"]
            .search_read([["id", "=", serverState.groupLivechatId]])
            .map(({ id }) => id),
    });
    const guestId = pyEnv["mail.guest"].create({ name: "Visitor" });
    return pyEnv["discuss.channel"].create({
        channel_type: "livechat",
        channel_member_ids: [
            Command.create({ partner_id: serverState.partnerId, livechat_member_type: "agent" }),
            Command.create({ guest_id: guestId, livechat_member_type: "visitor" }),
        ],
        livechat_operator_id: serverState.partnerId,
    });
}

test("one click creates the ticket, the next one opens it", async () => {
    const channelId = await beginChat();
    onRpc("discuss.channel", "action_create_helpdesk_ticket", ({ args }) => {
        expect.step(`create ${args[0]}`);
        return { id: 7, ref: "HT00007" };
    });
    mockService("action", {
        doAction(action) {
            if (action.res_model === "helpdesk.ticket") {
                expect.step(`open ${action.res_id}`);
                return;
            }
            return super.doAction(...arguments);
        },
    });
    await start();
    await openDiscuss(channelId);
    await click(".o-mail-DiscussContent-header button[title='Create Ticket']");
    await contains(".o-mail-DiscussContent-header button[title='View Ticket HT00007']");
    await contains(".o-mail-DiscussContent-header button[title='Create Ticket']", { count: 0 });
    expect.verifySteps([`create ${channelId}`]);
    await click(".o-mail-DiscussContent-header button[title='View Ticket HT00007']");
    await expect.waitForSteps(["open 7"]);
});

test("the chat window has the button as well", async () => {
    const channelId = await beginChat();
    setupChatHub({ opened: [channelId] });
    await start();
    await click(".o-mail-ChatWindow-header [title='Open Actions Menu']");
    await contains(".o-dropdown-item", { text: "Create Ticket" });
});

test("who may not create tickets has no button", async () => {
    patchWithCleanup(ResUsers.prototype, {
        _init_store_data(store) {
            super._init_store_data(...arguments);
            store.add({ has_access_create_ticket: false });
        },
    });
    const channelId = await beginChat();
    await start();
    await openDiscuss(channelId);
    await contains(".o-mail-DiscussContent-header button[title='Search Messages']");
    await contains(".o-mail-DiscussContent-header button[title='Create Ticket']", { count: 0 });
});

test("the command hands over the subject", async () => {
    const channelId = await beginChat();
    onRpc("discuss.channel", "execute_command_ticket", ({ args, kwargs }) => {
        expect.step(`${args[0]} ${kwargs.body}`);
        return true;
    });
    await start();
    await openDiscuss(channelId);
    await insertText(".o-mail-Composer-input", "/ticket Invoice broken");
    await click(".o-mail-Composer button[title='Send']:enabled");
    await expect.waitForSteps([`${channelId} /ticket Invoice broken`]);
});
