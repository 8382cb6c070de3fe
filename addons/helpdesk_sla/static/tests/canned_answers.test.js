import {
    click,
    contains,
    defineMailModels,
    insertText,
    openFormView,
    start,
    startServer,
} from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { defineModels, fields, models, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { Composer } from "@mail/core/common/composer";

class Ticket extends models.ServerModel {
    _name = "helpdesk.ticket";
    _inherit = ["mail.thread"];

    name = fields.Char();
}

describe.current.tags("desktop");
defineMailModels();
defineModels([Ticket]);

beforeEach(() => {
    // as stock: what is typed is typed by a person
    patchWithCleanup(Composer.prototype, {
        isEventTrusted() {
            return true;
        },
    });
});

const TEXT = "Dear Anna,\nyour request HT1 is with us.";
const ARCH = `<form><sheet><field name="name"/></sheet><chatter/></form>`;

async function openComposer() {
    const pyEnv = await startServer();
    const [mine, theirs] = pyEnv["mail.canned.response"].create([
        { source: "hello", substitution: "Dear {{ customer }},\nyour request {{ ticket }} is with us." },
        { source: "help other", substitution: "Of another team" },
    ]);
    const ticketId = pyEnv["helpdesk.ticket"].create({ name: "A question" });
    onRpc("mail.canned.response", "get_helpdesk_answers", ({ args }) => {
        expect.step(`answers to ${args[0] === ticketId ? "the ticket" : args[0]}`);
        return [{ id: mine, source: "hello", substitution: TEXT }];
    });
    onRpc("/mail/message/post", async (request) => {
        const { params } = await request.json();
        expect.step(`sent with ${JSON.stringify(params.canned_response_ids ?? [])}`);
    });
    await start();
    await openFormView("helpdesk.ticket", ticketId, { arch: ARCH });
    await click("button:text('Send message')");
    await contains(".o-mail-Composer-input");
    return { mine, theirs };
}

test("answers are those of the ticket, filled in", async () => {
    await openComposer();
    await insertText(".o-mail-Composer-input", "::");
    await contains(".o-mail-Composer-suggestion", { count: 1 });
    await click(".o-mail-Composer-suggestion");
    await contains(".o-mail-Composer-input", { value: `${TEXT} ` });
    expect.verifySteps(["answers to the ticket"]);
});

test("an answer that is sent is named to the server", async () => {
    const { mine } = await openComposer();
    await insertText(".o-mail-Composer-input", "::");
    await click(".o-mail-Composer-suggestion");
    await contains(".o-mail-Composer-input", { value: `${TEXT} ` });
    await click(".o-mail-Composer button:enabled:text('Send')");
    await contains(".o-mail-Message");
    expect.verifySteps(["answers to the ticket", `sent with [${mine}]`]);
});

test("an answer that was deleted again is not", async () => {
    await openComposer();
    await insertText(".o-mail-Composer-input", "::");
    await click(".o-mail-Composer-suggestion");
    await contains(".o-mail-Composer-input", { value: `${TEXT} ` });
    await insertText(".o-mail-Composer-input", "Something else", { replace: true });
    await click(".o-mail-Composer button:enabled:text('Send')");
    await contains(".o-mail-Message");
    expect.verifySteps(["answers to the ticket", "sent with []"]);
});
