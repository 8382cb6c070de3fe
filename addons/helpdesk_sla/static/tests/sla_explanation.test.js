import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    advanceTime,
    animationFrame,
    expect,
    mockDate,
    mockTimeZone,
    queryAllTexts,
    queryOne,
    test,
} from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    getService,
    models,
    mountView,
    mountWebClient,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {
    formatSeconds,
    getUsedSeconds,
    groupByDay,
    layOutBar,
    readExplanation,
    sumUp,
} from "@helpdesk_sla/explanation/sla_timeline";

const { DateTime } = luxon;

class Status extends models.Model {
    _name = "helpdesk.sla.status";

    name = fields.Char();
    ticket_id = fields.Many2one({ relation: "helpdesk.ticket" });
    deadline = fields.Datetime();
    warning_date = fields.Datetime();
    paused_since = fields.Datetime();
    reached_date = fields.Datetime();
    sla_progress = fields.Json();
    result = fields.Selection({ selection: [["reached", "Reached"]] });

    _records = [
        {
            id: 7,
            name: "Solved within a day",
            ticket_id: 1,
            deadline: "2026-03-04 15:00:00",
            sla_progress: {
                promised: 8 * 3600,
                used: 2 * 3600,
                at: "2026-03-04 09:00:00",
                runs: [["2026-03-04 09:00:00", "2026-03-04 15:00:00"]],
            },
        },
    ];
}

class Ticket extends models.Model {
    _name = "helpdesk.ticket";

    name = fields.Char();
    sla_status_ids = fields.One2many({
        relation: "helpdesk.sla.status",
        relation_field: "ticket_id",
    });

    _records = [{ id: 1, name: "The scanner does not scan", sla_status_ids: [7] }];
}

defineMailModels();
defineModels([Ticket, Status]);

const FORM = `<form><field name="sla_status_ids" widget="helpdesk_sla_promises"/></form>`;

function getSegment(kind, start, stop, more) {
    const seconds = DateTime.fromSQL(stop).diff(DateTime.fromSQL(start)).as("seconds");
    return { kind, start, stop, seconds, is_late: false, ...more };
}

// Mon 09:00 to Wed 16:00 in Warsaw, as the server explains it
const PAUSE = {
    pause_id: 3,
    label: "Waiting for the customer",
    reason: "Awaiting Customer",
    user: "Mitchell",
    working_seconds: 17 * 3600,
};
const EXPLANATION = {
    id: 7,
    name: "Solved within a day",
    ticket: "The scanner does not scan",
    target: "Resolution",
    state: "running",
    result: false,
    calendar: "Support hours",
    tz: "Europe/Warsaw",
    now: "2026-03-04 12:00:00",
    start: "2026-03-02 08:00:00",
    stop: "2026-03-04 15:00:00",
    deadline: "2026-03-04 15:00:00",
    warning_date: "2026-03-04 13:00:00",
    paused_since: false,
    reached_date: false,
    end_date: false,
    promised_seconds: 8 * 3600,
    used_seconds: 5 * 3600,
    left_seconds: 3 * 3600,
    late_seconds: 0,
    counted_seconds: 8 * 3600,
    segments: [
        getSegment("working", "2026-03-02 08:00:00", "2026-03-02 10:00:00"),
        getSegment("paused", "2026-03-02 10:00:00", "2026-03-04 09:00:00", PAUSE),
        getSegment("working", "2026-03-04 09:00:00", "2026-03-04 15:00:00"),
    ],
    ignored_pauses: [
        { pause_id: 4, label: "Waiting for a third party", reason: false, user: false },
    ],
    differs: false,
};

function getExplanation(more) {
    return { ...EXPLANATION, ...more };
}

/** Working days of nine hours in the zone of the tests, nights and weekends between them. */
function getManyDays(count) {
    const segments = [];
    let day = DateTime.fromISO("2026-03-02T08:00:00", { zone: "utc" });
    for (let index = 0; index < count; index++) {
        const stop = day.plus({ hours: 9 });
        const next = day.plus({ days: day.weekday === 5 ? 3 : 1 });
        const [from, to, opening] = [day, stop, next].map((moment) =>
            moment.toFormat("yyyy-MM-dd HH:mm:ss")
        );
        segments.push(getSegment("working", from, to), getSegment("closed", to, opening));
        day = next;
    }
    segments.pop();
    return segments;
}

test("durations are told to the second where it matters, and never in days", () => {
    expect(formatSeconds(7200)).toBe("2h 00m");
    expect(formatSeconds(7200, true)).toBe("2h 00m 00s");
    expect(formatSeconds(36 * 3600 + 307)).toBe("36h 05m 07s");
});

test("the time used grows while the clock runs, and stops at the promise", () => {
    const progress = {
        promised: 7200,
        used: 3600,
        at: "2026-03-02 09:00:00",
        runs: [
            ["2026-03-02 09:00:00", "2026-03-02 09:20:00"],
            ["2026-03-03 09:00:00", "2026-03-03 09:40:00"],
        ],
    };
    const used = (moment) => getUsedSeconds(progress, DateTime.fromSQL(moment, { zone: "utc" }));
    expect(used("2026-03-02 08:00:00")).toBe(3600);
    expect(used("2026-03-02 09:10:30")).toBe(3600 + 630);
    expect(used("2026-03-02 20:00:00")).toBe(3600 + 1200, { message: "closed at night" });
    expect(used("2026-03-03 09:10:00")).toBe(3600 + 1800);
    expect(used("2026-03-09 09:00:00")).toBe(7200);
});

test("the bar is proportional, and paler from now on", () => {
    mockTimeZone(0);
    const { parts, now, deadline } = layOutBar(readExplanation(EXPLANATION));
    // 55 hours: 2 worked, 47 paused, 6 worked, of which 3 lie ahead
    expect(parts.map(({ kind, isFuture }) => [kind, isFuture])).toEqual([
        ["working", false],
        ["paused", false],
        ["working", false],
        ["working", true],
    ]);
    expect(parts[1].offset).toBeCloseTo(200 / 55);
    expect(parts[1].size).toBeCloseTo(4700 / 55);
    expect(parts.at(-1).offset + parts.at(-1).size).toBeCloseTo(100);
    expect(now).toBeCloseTo(5200 / 55);
    expect(deadline).toBe(false, { message: "it is the end of the bar" });
});

test("a bar of months leaves the nights out, but neither weekends nor time", () => {
    mockTimeZone(0);
    const segments = getManyDays(60);
    const explanation = readExplanation(
        getExplanation({ segments, start: segments[0].start, stop: segments.at(-1).stop })
    );
    const { parts } = layOutBar({ ...explanation, now: explanation.stop });
    expect(parts.length).toBe(12 + 11, { message: "weeks and the weekends between them" });
    expect(parts.reduce((sum, { size }) => sum + size, 0)).toBeCloseTo(100);
    expect(sumUp(explanation).working).toBe(60 * 9 * 3600, { message: "the sum has all of it" });
});

test("a few days are listed one by one, without the nights between them", () => {
    mockTimeZone(0);
    const segments = getManyDays(3);
    const groups = groupByDay(readExplanation(getExplanation({ segments, deadline: false })));
    expect(groups.map(({ key }) => key)).toEqual(["2026-03-02", "2026-03-03", "2026-03-04"]);
    expect(groups.map(({ lines }) => lines.length)).toEqual([1, 1, 1]);
});

test("ordinary days among many share a line; one with a pause has its own", () => {
    mockTimeZone(0);
    const segments = getManyDays(30);
    segments[20].kind = "paused"; // the eleventh day, Mon 16
    const groups = groupByDay(readExplanation(getExplanation({ segments, deadline: false })));
    expect(groups.map(({ first, last }) => [first.toISODate(), last.toISODate()])).toEqual([
        ["2026-03-02", "2026-03-02"],
        ["2026-03-03", "2026-03-13"],
        ["2026-03-16", "2026-03-16"],
        ["2026-03-17", "2026-04-09"],
        ["2026-04-10", "2026-04-10"],
    ]);
    expect(groups.reduce((sum, { working }) => sum + working, 0)).toBe(29 * 9 * 3600);
});

test("a promise on the ticket explains itself: who paused, why, and the sum", async () => {
    mockDate("2026-03-04 12:00:00", 0);
    onRpc("helpdesk.sla.status", "get_explanation", ({ args }) => {
        expect.step(args);
        return EXPLANATION;
    });
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: FORM });
    await contains(".o_helpdesk_sla_promise button").click();

    expect.verifySteps([[[7]]]);
    expect(".o_helpdesk_sla_explanation .modal-title").toHaveText("Solved within a day");
    expect(".o_helpdesk_sla_explanation h3").toHaveText(/^Due Wed, Mar 4, 3:00\sPM$/);
    expect(".o_helpdesk_sla_elsewhere").toHaveText(/4:00\sPM in Europe\/Warsaw/);
    expect(".o_helpdesk_sla_outlook").toHaveText("5h 00m used until now, 3h 00m left");
    expect(".o_helpdesk_sla_bar").toHaveAttribute("aria-label", /Working time: 8h 00m/);
    expect(".o_helpdesk_sla_part").toHaveCount(4);
    expect(queryAllTexts(".o_helpdesk_sla_day th")).toEqual(["Mon, Mar 2", "Wed, Mar 4"]);
    expect("[data-kind=paused]").toHaveText(/Waiting for the customer \(Awaiting Customer\)/);
    expect("[data-kind=paused]").toHaveText(/Paused by Mitchell/);
    expect("[data-kind=paused]").toHaveText(/Working time that does not count: 17h 00m/);
    expect("[data-kind=deadline]").toHaveCount(1);
    expect(".o_helpdesk_sla_sum").toHaveText(/8h 00m 00s of 8h 00m 00s/);
    expect(".o_helpdesk_sla_ignored").toHaveText(
        "Waiting for a third party: does not pause this promise"
    );

    await contains(".o_helpdesk_sla_explanation footer button").click();
    expect(".o_helpdesk_sla_explanation").toHaveCount(0);
});

test("in the zone of the working hours only one time is told", async () => {
    mockDate("2026-03-04 12:00:00", 1);
    onRpc("helpdesk.sla.status", "get_explanation", () => EXPLANATION);
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: FORM });
    await contains(".o_helpdesk_sla_promise button").click();
    expect(".o_helpdesk_sla_explanation h3").toHaveText(/4:00\sPM$/);
    expect(".o_helpdesk_sla_elsewhere").toHaveCount(0);
});

test("what was frozen is not passed off as today's sum", async () => {
    mockDate("2026-03-09 12:00:00", 0);
    onRpc("helpdesk.sla.status", "get_explanation", () =>
        getExplanation({
            differs: true,
            result: "reached",
            state: "reached",
            reached_date: "2026-03-04 15:00:00",
            end_date: "2026-03-04 15:00:00",
            used_seconds: 7 * 3600,
        })
    );
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: FORM });
    await contains(".o_helpdesk_sla_promise button").click();
    expect(".o_helpdesk_sla_explanation .alert-warning").toHaveText(/7h 00m 00s.*8h 00m 00s/);
    expect(".o_helpdesk_sla_sum").toHaveText(/7h 00m 00s of 8h 00m 00s/);
});

test("ordinary days can be unfolded", async () => {
    mockDate("2026-03-04 12:00:00", 0);
    const segments = getManyDays(12);
    onRpc("helpdesk.sla.status", "get_explanation", () =>
        getExplanation({ segments, stop: segments.at(-1).stop, deadline: segments.at(-1).stop })
    );
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: FORM });
    await contains(".o_helpdesk_sla_promise button").click();
    const fold = ".o_helpdesk_sla_day button";
    expect(fold).toHaveAttribute("aria-expanded", "false");
    expect(".o_helpdesk_sla_line").toHaveCount(3, { message: "first day, last day, deadline" });
    await contains(fold).click();
    expect(fold).toHaveAttribute("aria-expanded", "true");
    expect(".o_helpdesk_sla_line[data-kind=working]").toHaveCount(12);
});

test("the bar on the ticket grows without asking the server", async () => {
    mockDate("2026-03-04 09:00:00", 0);
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: FORM });
    const bar = ".o_helpdesk_sla_promise [role=progressbar]";
    expect(bar).toHaveAttribute("aria-valuenow", "25");
    expect(bar).toHaveAttribute("aria-valuetext", "2h 00m of 8h 00m of working time used");
    expect(queryOne(`${bar} .progress-bar`).style.width).toBe("25%");

    onRpc(({ method }) => expect.step(method));
    await advanceTime(2 * 3600 * 1000);
    await animationFrame();
    expect(bar).toHaveAttribute("aria-valuenow", "50");
    expect.verifySteps([]);
});

test("the button of a list opens the same dialog", async () => {
    onRpc("helpdesk.sla.status", "get_explanation", () => EXPLANATION);
    await mountWebClient();
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "helpdesk_sla.explain",
        params: { status_id: 7 },
    });
    await animationFrame();
    expect(".o_helpdesk_sla_explanation .modal-title").toHaveText("Solved within a day");
});
