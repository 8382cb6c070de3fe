import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { advanceTime, animationFrame, expect, mockDate, queryAllTexts, test } from "@odoo/hoot";
import { defineModels, fields, models, mountView } from "@web/../tests/web_test_helpers";

class Status extends models.Model {
    _name = "helpdesk.sla.status";

    name = fields.Char();
    ticket_id = fields.Many2one({ relation: "helpdesk.ticket" });
    deadline = fields.Datetime();
    warning_date = fields.Datetime();
    paused_since = fields.Datetime();
    reached_date = fields.Datetime();
    sla_progress = fields.Json();
    result = fields.Selection({
        selection: [
            ["reached", "Reached"],
            ["superseded", "Superseded"],
        ],
    });

    _records = [
        { id: 1, name: "Solved", ticket_id: 1, deadline: "2026-03-10 12:10:30" },
        {
            id: 2,
            name: "Answered",
            ticket_id: 1,
            deadline: "2026-03-10 09:00:00",
            reached_date: "2026-03-10 08:30:00",
            result: "reached",
        },
        { id: 3, name: "Replaced", ticket_id: 1, result: "superseded" },
    ];
}

class Ticket extends models.Model {
    _name = "helpdesk.ticket";

    name = fields.Char();
    sla_deadline = fields.Datetime();
    sla_warning_date = fields.Datetime();
    sla_paused_since = fields.Datetime();
    sla_result = fields.Selection({
        selection: [
            ["reached", "Reached"],
            ["failed", "Failed"],
        ],
    });
    sla_status_ids = fields.One2many({
        relation: "helpdesk.sla.status",
        relation_field: "ticket_id",
    });

    _records = [
        {
            id: 1,
            name: "running",
            sla_deadline: "2026-03-10 12:10:30",
            sla_warning_date: "2026-03-10 10:30:00",
            sla_status_ids: [1, 2, 3],
        },
        {
            id: 2,
            name: "approaching",
            sla_deadline: "2026-03-10 10:01:30",
            sla_warning_date: "2026-03-10 09:00:00",
        },
        { id: 3, name: "breached", sla_deadline: "2026-03-05 10:00:00" },
        { id: 4, name: "paused", sla_paused_since: "2026-03-05 10:00:00" },
        { id: 5, name: "reached", sla_result: "reached" },
        { id: 6, name: "nothing promised" },
    ];
}

defineMailModels();
defineModels([Ticket, Status]);

const LIST = `
    <list>
        <field name="name"/>
        <field name="sla_deadline" widget="helpdesk_sla_deadline"/>
    </list>`;

function getBadge(row) {
    return `.o_data_row:eq(${row}) [name=sla_deadline] .badge`;
}

test.tags("desktop");
test("a badge tells how much time is left, or what became of the promise", async () => {
    mockDate("2026-03-10 10:00:00", 0);
    await mountView({ type: "list", resModel: "helpdesk.ticket", arch: LIST });

    expect(queryAllTexts("[name=sla_deadline] .badge")).toEqual([
        "in 2h 10m",
        "in 1m",
        "5d overdue",
        "Paused",
        "Reached",
    ]);
    expect(getBadge(0)).toHaveClass("text-bg-success");
    expect(getBadge(1)).toHaveClass("text-bg-warning");
    expect(getBadge(2)).toHaveClass("text-bg-danger");
    expect(getBadge(3)).toHaveClass("text-bg-info");
    expect(`${getBadge(3)} .fa-pause`).toHaveCount(1);
    expect(getBadge(5)).toHaveCount(0);
});

test.tags("desktop");
test("a badge approaches its deadline and passes it while it is looked at", async () => {
    mockDate("2026-03-10 10:00:00", 0);
    await mountView({ type: "list", resModel: "helpdesk.ticket", arch: LIST });
    expect(getBadge(1)).toHaveAttribute("data-sla-state", "approaching");

    await advanceTime(3 * 60 * 1000);
    await animationFrame();
    expect(getBadge(1)).toHaveAttribute("data-sla-state", "breached");
    expect(getBadge(1)).toHaveText("1m overdue");

    await advanceTime(30 * 60 * 1000);
    await animationFrame();
    expect(getBadge(0)).toHaveAttribute("data-sla-state", "approaching");
});

test("promises show what is still owed first, and not what was superseded", async () => {
    mockDate("2026-03-10 10:00:00", 0);
    await mountView({
        type: "form",
        resModel: "helpdesk.ticket",
        resId: 1,
        arch: `<form><field name="sla_status_ids" widget="helpdesk_sla_promises"/></form>`,
    });

    expect(queryAllTexts(".o_helpdesk_sla_promise_name")).toEqual(["Solved", "Answered"]);
    expect(queryAllTexts(".o_helpdesk_sla_promise .badge")).toEqual(["in 2h 10m", "Reached"]);
});
