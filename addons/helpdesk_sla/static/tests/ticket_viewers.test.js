import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { advanceTime, animationFrame, beforeEach, expect, queryAllTexts, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    getService,
    makeMockEnv,
    mockService,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { openNextTicket } from "@helpdesk_sla/tickets/next_ticket";

class Ticket extends models.Model {
    _name = "helpdesk.ticket";

    name = fields.Char();

    _records = [
        { id: 1, name: "The scanner does not scan" },
        { id: 2, name: "The printer does not print" },
    ];
}

class Viewer extends models.Model {
    _name = "helpdesk.ticket.viewer";
}

defineMailModels();
defineModels([Ticket, Viewer]);

const ANNA = { id: 7, name: "Anna", is_writing: false };
let others, left, onViewers;

beforeEach(() => {
    others = [];
    left = [];
    onRpc("helpdesk.ticket.viewer", "enter", ({ args }) => {
        expect.step(`enter ${args[0]}`);
        return { viewers: others, heartbeat: 30 };
    });
    onRpc("helpdesk.ticket.viewer", "leave", ({ args }) => {
        left.push(args[0]);
        return false;
    });
});

async function openTicket() {
    await makeMockEnv();
    // what the bus brings, without a websocket
    patchWithCleanup(getService("bus_service"), {
        subscribe(type, callback) {
            if (type === "helpdesk_sla.viewers") {
                onViewers = callback;
            }
            return super.subscribe(type, callback);
        },
    });
    await mountView({
        resModel: "helpdesk.ticket",
        type: "form",
        resId: 1,
        resIds: [1, 2],
        arch: `<form><widget name="helpdesk_ticket_viewers"/><field name="name"/></form>`,
    });
    await animationFrame();
}

async function tell(ticketId, viewers) {
    onViewers({ ticket_id: ticketId, viewers });
    await animationFrame();
}

test("nobody else is there: nothing is shown", async () => {
    await openTicket();
    expect.verifySteps(["enter 1"]);
    expect(".o_helpdesk_viewers").toHaveCount(0);
});

test("who is there already is shown", async () => {
    others = [ANNA];
    await openTicket();
    expect.verifySteps(["enter 1"]);
    expect(queryAllTexts(".o_helpdesk_viewers span span")).toEqual(["Anna is viewing"]);
    expect(".o_helpdesk_viewers").toHaveClass("alert-info");
});

test("the bus says who comes, writes and goes", async () => {
    await openTicket();
    await tell(1, [ANNA]);
    expect(queryAllTexts(".o_helpdesk_viewers span span")).toEqual(["Anna is viewing"]);
    await tell(1, [{ ...ANNA, is_writing: true }]);
    expect(queryAllTexts(".o_helpdesk_viewers span span")).toEqual(["Anna is writing an answer"]);
    expect(".o_helpdesk_viewers").toHaveClass("alert-warning");
    await tell(1, []);
    expect(".o_helpdesk_viewers").toHaveCount(0);
    // nothing was asked for meanwhile
    expect.verifySteps(["enter 1"]);
});

test("what is said of another ticket is not shown", async () => {
    await openTicket();
    await tell(2, [ANNA]);
    expect(".o_helpdesk_viewers").toHaveCount(0);
    expect.verifySteps(["enter 1"]);
});

test("a heartbeat every half minute, and no more", async () => {
    await openTicket();
    expect.verifySteps(["enter 1"]);
    await advanceTime(29000);
    expect.verifySteps([]);
    await advanceTime(1500);
    expect.verifySteps(["enter 1"]);
    await advanceTime(30500);
    expect.verifySteps(["enter 1"]);
});

test("somebody whose browser is gone disappears with the next heartbeat", async () => {
    others = [ANNA];
    await openTicket();
    others = [];
    await advanceTime(30500);
    await animationFrame();
    expect(".o_helpdesk_viewers").toHaveCount(0);
    expect.verifySteps(["enter 1", "enter 1"]);
});

test("going to the next record leaves the first", async () => {
    others = [ANNA];
    await openTicket();
    others = [];
    await contains(".o_pager_next").click();
    await animationFrame();
    expect.verifySteps(["enter 1", "enter 2"]);
    expect(left).toEqual([1]);
    expect(".o_helpdesk_viewers").toHaveCount(0);
});

test("a server that does not answer is no error", async () => {
    onRpc("helpdesk.ticket.viewer", "enter", () => {
        throw new Error("no");
    });
    await openTicket();
    expect(".o_field_widget[name=name]").toHaveCount(1);
    expect(".o_helpdesk_viewers").toHaveCount(0);
});

test("the next ticket takes the place of the one before", async () => {
    let current = { action: { context: {} } };
    mockService("action", {
        get currentController() {
            return current;
        },
        doAction(action, options) {
            expect.step(`${action.res_id} ${options.stackPosition ?? "on top"}`);
        },
    });
    const env = await makeMockEnv();
    await openNextTicket(env, { params: { ticket_id: 4 } });
    current = { action: { context: { helpdesk_next_ticket: true } } };
    await openNextTicket(env, { params: { ticket_id: 5 } });
    expect.verifySteps(["4 on top", "5 replaceCurrentAction"]);
});
