import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

const { DateTime } = luxon;
const TICK = 1000; // milliseconds

/**
 * Shows the user's running timer in the systray: the ticket a click away, and a button to stop it.
 */
export class TimerMenu extends Component {
    static template = "support_billing.TimerMenu";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const bus = useService("bus_service");
        this.state = useState({ timer: false, now: DateTime.now() });
        const onTimer = (timer) => this.setTimer(timer);
        bus.subscribe("support_billing.timer", onTimer);
        onWillStart(async () => {
            this.isShown = await user.hasGroup("helpdesk_sla.group_helpdesk_user");
            if (this.isShown) {
                // the page does not wait for it
                this.orm.silent.call("support.timer", "get_running", []).then(onTimer, () => {});
            }
        });
        const interval = browser.setInterval(() => {
            if (this.state.timer) {
                this.state.now = DateTime.now();
            }
        }, TICK);
        onWillUnmount(() => {
            browser.clearInterval(interval);
            bus.unsubscribe("support_billing.timer", onTimer);
        });
    }

    setTimer(timer) {
        this.state.timer = timer;
        this.state.now = DateTime.now();
    }

    get elapsed() {
        const start = deserializeDateTime(this.state.timer.start);
        // the clock of the server may be ahead
        const seconds = Math.max(Math.floor(this.state.now.diff(start).as("seconds")), 0);
        const [minutes, hours] = [Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600)];
        return [hours, minutes, seconds % 60]
            .map((number, index) => String(number).padStart(index ? 2 : 1, "0"))
            .join(":");
    }

    get title() {
        return _t("Timer on %(ticket)s: open the ticket", { ticket: this.state.timer.name });
    }

    openTicket() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "helpdesk.ticket",
            res_id: this.state.timer.ticket_id,
            views: [[false, "form"]],
        });
    }

    async stop() {
        const action = await this.orm.call("support.timer", "action_stop", [[this.state.timer.id]]);
        this.action.doAction(action, {
            onClose: (infos) =>
                infos?.done && this.action.doAction({ type: "ir.actions.client", tag: "soft_reload" }),
        });
    }
}

registry
    .category("systray")
    .add("support_billing.timer", { Component: TimerMenu }, { sequence: 30 });
