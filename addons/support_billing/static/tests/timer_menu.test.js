import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { advanceTime, animationFrame, expect, mockDate, test } from "@odoo/hoot";
import {
    contains,
    getService,
    makeMockEnv,
    mockService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
    serverState,
} from "@web/../tests/web_test_helpers";
import { user } from "@web/core/user";
import { TimerMenu } from "@support_billing/timer/timer_menu";

defineMailModels();

const TIMER = { id: 4, ticket_id: 7, name: "Labels do not print", start: "2026-03-02 08:58:30" };
let onTimer;

async function openMenu({ timer = false, isAgent = true } = {}) {
    mockDate("2026-03-02 09:00:00", 0);
    serverState.timezone = "UTC";
    patchWithCleanup(user, { hasGroup: async () => isAgent });
    onRpc("support.timer", "get_running", () => {
        expect.step("get_running");
        return timer;
    });
    await makeMockEnv();
    // what the bus brings, without a websocket
    patchWithCleanup(getService("bus_service"), {
        subscribe(type, callback) {
            if (type === "support_billing.timer") {
                onTimer = callback;
            }
            return super.subscribe(type, callback);
        },
    });
    await mountWithCleanup(TimerMenu);
    await animationFrame();
}

test("no timer runs: nothing is shown", async () => {
    await openMenu();
    expect.verifySteps(["get_running"]);
    expect(".o_support_timer").toHaveCount(0);
});

test("who is no agent is asked for nothing", async () => {
    await openMenu({ isAgent: false });
    expect.verifySteps([]);
});

test("a timer of yesterday's browser runs on, and ticks", async () => {
    await openMenu({ timer: TIMER });
    expect.verifySteps(["get_running"]);
    expect(".o_support_timer [role=timer]").toHaveText("0:01:30");
    await advanceTime(2000);
    await animationFrame();
    expect(".o_support_timer [role=timer]").toHaveText("0:01:32");
});

test("the bus says that a timer is started and stopped", async () => {
    await openMenu();
    onTimer({ ...TIMER, start: "2026-03-02 06:55:00" });
    await animationFrame();
    expect(".o_support_timer [role=timer]").toHaveText(/^2:05:0/);
    onTimer(false);
    await animationFrame();
    expect(".o_support_timer").toHaveCount(0);
    expect.verifySteps(["get_running"]);
});

test("a click opens the ticket", async () => {
    mockService("action", {
        doAction(action) {
            expect.step(`${action.res_model} ${action.res_id}`);
        },
    });
    await openMenu({ timer: TIMER });
    await contains(".o_support_timer_ticket").click();
    expect.verifySteps(["get_running", "helpdesk.ticket 7"]);
});

test("stop asks what was done; only when that was told the page is read again", async () => {
    let close;
    mockService("action", {
        doAction(action, options) {
            expect.step(action.tag || action.res_model);
            close = options?.onClose;
        },
    });
    onRpc("support.timer", "action_stop", ({ args }) => {
        expect.step(`stop ${args[0]}`);
        return { type: "ir.actions.act_window", res_model: "support.time.wizard" };
    });
    await openMenu({ timer: TIMER });
    await contains(".o_support_timer_stop").click();
    await animationFrame();
    expect.verifySteps(["get_running", "stop 4", "support.time.wizard"]);
    const onClose = close;
    onClose({ dismiss: true });
    expect.verifySteps([]);
    onClose({ done: true });
    expect.verifySteps(["soft_reload"]);
});
