import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { animationFrame, expect, queryOne, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    makeServerError,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

class Ticket extends models.Model {
    _name = "helpdesk.ticket";
    _inherit = ["mail.thread"];

    name = fields.Char();
    use_helpdesk_timesheet = fields.Boolean();
    can_log_time = fields.Boolean();

    _records = [
        { id: 1, name: "It does not scan", use_helpdesk_timesheet: true, can_log_time: true },
        { id: 2, name: "It does not print", use_helpdesk_timesheet: true },
        { id: 3, name: "It does not beep", can_log_time: true },
    ];
}

defineMailModels();
defineModels([Ticket]);

async function openTicket(resId = 1) {
    await mountView({
        resModel: "helpdesk.ticket",
        type: "form",
        resId,
        arch: `
            <form>
                <field name="name"/>
                <field name="use_helpdesk_timesheet" invisible="1"/>
                <field name="can_log_time" invisible="1"/>
                <chatter/>
            </form>`,
    });
    await animationFrame();
}

async function type(text) {
    await contains(".o_support_log_time").click();
    await contains(".o_support_log_time_line input").edit(text, { confirm: "Enter" });
    await animationFrame();
}

test("a line and Enter log time, and close the line", async () => {
    onRpc("helpdesk.ticket", "log_time", ({ args }) => {
        expect.step(args);
        return false;
    });
    await openTicket();
    await type("0:30 Called");
    expect.verifySteps([[[1], "0:30 Called"]]);
    expect(".o_support_log_time_line").toHaveCount(0);
    expect(".o_notification").toHaveText("Time logged");
});

test("what cannot be read stays, with the reason", async () => {
    onRpc("helpdesk.ticket", "log_time", () => {
        throw makeServerError({ type: "UserError", message: "Write how long it took." });
    });
    await openTicket();
    await type("Called");
    expect(".o_support_log_time_line [role=alert]").toHaveText("Write how long it took.");
    expect(queryOne(".o_support_log_time_line input").value).toBe("Called");
    expect(".o_notification").toHaveCount(0);
});

test("what is being edited is saved before", async () => {
    onRpc("helpdesk.ticket", "web_save", ({ args }) => {
        expect.step(args[1].name);
    });
    onRpc("helpdesk.ticket", "log_time", () => {
        expect.step("log_time");
        return false;
    });
    await openTicket();
    await contains("[name=name] input").edit("It beeps", { confirm: false });
    await type("0:30 Called");
    expect.verifySteps(["It beeps", "log_time"]);
});

test("there is no line for who can log no time", async () => {
    await openTicket(2);
    expect(".o-mail-Chatter-logNote").toHaveCount(1);
    expect(".o_support_log_time").toHaveCount(0);
});

test("there is no line in teams that log no time", async () => {
    await openTicket(3);
    expect(".o-mail-Chatter-logNote").toHaveCount(1);
    expect(".o_support_log_time").toHaveCount(0);
});
