import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    advanceTime,
    after,
    animationFrame,
    beforeEach,
    click,
    expect,
    mockDate,
    queryAllTexts,
    queryOne,
    test,
} from "@odoo/hoot";
import { Component, xml } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import {
    getService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { registry } from "@web/core/registry";
import { WebClient } from "@web/webclient/webclient";

const MINUTE = 60 * 1000;

defineMailModels();

let data;
let calls;
let isServerAway;

beforeEach(() => {
    mockDate("2026-03-10 10:00:00", 0);
    browser.localStorage.removeItem("helpdesk_sla.wall.team_ids");
    calls = [];
    isServerAway = false;
    const figure = (value, domain, model = "helpdesk.ticket") => ({ value, model, domain });
    data = {
        teams: [
            { id: 1, name: "Technical" },
            { id: 2, name: "Billing" },
        ],
        team_ids: [],
        figures: {
            open: figure(5, [["is_closed", "=", false]]),
            unassigned: figure(0, [["user_id", "=", false]]),
            approaching: figure(1, []),
            breached: figure(0, []),
            waiting_customer: figure(2, []),
            solved_today: figure(3, []),
            compliance: figure(97.5, [["is_counted", "=", true]], "helpdesk.sla.report"),
            first_response: figure(false, [], "helpdesk.ticket.report"),
        },
        deadlines: [
            {
                id: 7,
                reference: "HT00007",
                name: "Invoices",
                priority: "3",
                priority_label: "Critical",
                deadline: "2026-03-10 10:01:30",
                warning_date: "2026-03-10 09:00:00",
                client: "Kestrel",
                user: false,
            },
        ],
        breached: [],
        backlog: [
            { date: "2026-03-09", count: 4 },
            { date: "2026-03-10", count: 5 },
        ],
        team_loads: [
            {
                id: 1,
                name: "Technical",
                domain: [["team_id", "=", 1]],
                open: 4,
                unassigned: 0,
                breached: 0,
                approaching: 1,
                running: 2,
                paused: 1,
                other: 0,
            },
        ],
        agent_loads: [],
    };
    onRpc("helpdesk.team", "get_wall_data", ({ kwargs }) => {
        if (isServerAway) {
            expect.step("away");
            throw new ConnectionLostError("/web/dataset/call_kw");
        }
        calls.push(kwargs.team_ids);
        return JSON.parse(JSON.stringify(data));
    });
});

async function openWall(context = {}) {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "helpdesk_sla_wall",
        context,
    });
    await animationFrame();
}

function setHidden(isHidden) {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    after(() => delete document.hidden);
    document.dispatchEvent(new Event("visibilitychange"));
}

function getFigure(name) {
    return queryOne(`[data-figure=${name}] .o_helpdesk_wall_value`).textContent;
}

async function wait(minutes) {
    await advanceTime(minutes * MINUTE);
    await animationFrame();
}

test.tags("desktop");
test("figures, and what is due next", async () => {
    await openWall();
    expect(queryAllTexts(".o_helpdesk_wall_value")).toEqual([
        "5",
        "0",
        "1",
        "0",
        "2",
        "3",
        "97.5%",
        "–",
    ]);
    expect("[data-figure=approaching]").toHaveClass("text-bg-warning");
    expect("[data-figure=breached]").not.toHaveClass("text-bg-danger");
    expect("[data-figure=open]").toHaveAttribute("aria-label", "Open: 5");
    expect("[data-ticket='7'] .badge").toHaveText("in 1m");
    expect("[data-ticket='7'] .o_helpdesk_wall_details").toHaveText(
        "HT00007 · Kestrel · Unassigned"
    );
    expect("[data-panel=breached] .o_helpdesk_wall_empty").toHaveCount(1);
    expect("[data-panel=teams] [data-load='1'] .progress-bar").toHaveCount(3);
    expect(".o_helpdesk_wall_chart canvas").toHaveCount(1);
});

test.tags("desktop");
test("the page refreshes by itself every minute, and its countdown goes on", async () => {
    await openWall();
    expect(calls).toHaveLength(1);

    data.figures.open.value = 6;
    await wait(1);
    expect(calls).toHaveLength(2);
    expect(getFigure("open")).toBe("6");
    expect("[data-ticket='7'] .badge").toHaveText("in 1m");

    await wait(1);
    expect(calls).toHaveLength(3);
    expect("[data-ticket='7'] .badge").toHaveAttribute("data-sla-state", "breached");
});

test.tags("desktop");
test("nothing is fetched while nobody can see it, and at once when somebody can", async () => {
    await openWall();
    setHidden(true);
    await wait(30);
    expect(calls).toHaveLength(1);

    data.figures.open.value = 9;
    setHidden(false);
    await animationFrame();
    expect(calls).toHaveLength(2);
    expect(getFigure("open")).toBe("9");
});

test.tags("desktop");
test("when the server is away the last figures stay, and the page says so", async () => {
    await openWall();
    isServerAway = true;
    await wait(1);
    expect.verifySteps(["away"]);
    expect(getFigure("open")).toBe("5");
    expect(".o_helpdesk_wall_status").toHaveClass("text-bg-warning");
    expect(".o_helpdesk_wall_status").toHaveText(/^Not refreshed since 10:00/);

    // less and less often: after two minutes, then after four
    await wait(1);
    expect.verifySteps([]);
    await wait(1);
    expect.verifySteps(["away"]);
    await wait(3);
    expect.verifySteps([]);
    await wait(1);
    expect.verifySteps(["away"]);

    isServerAway = false;
    data.figures.open.value = 6;
    await wait(8);
    expect(getFigure("open")).toBe("6");
    expect(".o_helpdesk_wall_status").not.toHaveClass("text-bg-warning");
    await wait(1);
    expect(calls).toHaveLength(3);
});

test.tags("desktop");
test("teams are chosen, and still are the next time", async () => {
    await openWall();
    expect(".o_helpdesk_wall_title").toHaveText("All Teams");
    await click(".o_helpdesk_wall_teams");
    await animationFrame();
    await click(".o-dropdown--menu .dropdown-item:contains(Billing)");
    await animationFrame();
    expect(calls.at(-1)).toEqual([2]);
    expect(".o_helpdesk_wall_title").toHaveText("Billing");
    expect(browser.localStorage.getItem("helpdesk_sla.wall.team_ids")).toBe("2");

    await getService("action").doAction({ type: "ir.actions.client", tag: "helpdesk_sla_wall" });
    await animationFrame();
    expect(calls.at(-1)).toEqual([2]);
});

test.tags("desktop");
test("a screen may be given its teams in the address", async () => {
    await openWall({ params: { team_ids: "1,2" } });
    expect(calls).toEqual([[1, 2]]);
    expect(".o_helpdesk_wall_title").toHaveText("Technical, Billing");
});

test.tags("desktop");
test("an answer that comes too late is dropped", async () => {
    await openWall();
    const answers = [];
    onRpc("helpdesk.team", "get_wall_data", async ({ kwargs }) => {
        const answer = JSON.parse(JSON.stringify(data));
        answer.figures.open.value = kwargs.team_ids.length ? 2 : 100;
        await new Promise((resolve) => answers.push(resolve));
        return answer;
    });
    await wait(1);
    await click(".o_helpdesk_wall_teams");
    await animationFrame();
    await click(".o-dropdown--menu .dropdown-item:contains(Billing)");
    await animationFrame();
    answers[1]();
    await animationFrame();
    answers[0]();
    await animationFrame();
    expect(getFigure("open")).toBe("2");
});

test.tags("desktop");
test("everything opens the tickets behind it", async () => {
    await openWall();
    patchWithCleanup(getService("action"), {
        doAction: (action) => expect.step(action.res_id || action.domain || action),
    });
    await click("[data-figure=compliance]");
    await click("[data-ticket='7']");
    await click("[data-panel=teams] [data-load='1']");
    await click(".o_helpdesk_wall_side .o_helpdesk_wall_heading .btn");
    expect.verifySteps([
        [["is_counted", "=", true]],
        7,
        [["team_id", "=", 1]],
        "helpdesk_sla.helpdesk_backlog_report_action",
    ]);
});

test.tags("desktop");
test("what was left behind fetches nothing more", async () => {
    class Elsewhere extends Component {
        static template = xml`<div class="o_elsewhere"/>`;
        static props = ["*"];
    }
    const actions = registry.category("actions");
    actions.add("helpdesk_sla_elsewhere", Elsewhere);
    after(() => actions.remove("helpdesk_sla_elsewhere"));
    await openWall();
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "helpdesk_sla_elsewhere",
    });
    await animationFrame();
    expect(".o_elsewhere").toHaveCount(1);
    await wait(5);
    expect(calls).toHaveLength(1);
});
