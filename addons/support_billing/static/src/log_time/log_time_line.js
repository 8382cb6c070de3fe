import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus, useService } from "@web/core/utils/hooks";

// what the server says to the person, not about itself
const SAID_TO_USER = [
    "odoo.exceptions.AccessError",
    "odoo.exceptions.UserError",
    "odoo.exceptions.ValidationError",
];

/**
 * One line in which time is logged: "0:30 Called the client", then Enter. What cannot be read stays
 * in the line, with the reason below it.
 */
export class LogTimeLine extends Component {
    static template = "support_billing.LogTimeLine";
    static props = {
        ticketId: Number,
        save: Function, // saves what is being edited, false when that failed
        onLogged: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.state = useState({ text: "", problem: "", isBusy: false });
        useAutofocus();
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.log();
        } else if (ev.key === "Escape") {
            ev.stopPropagation();
            this.props.close();
        }
    }

    async log() {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        this.state.problem = "";
        try {
            if ((await this.props.save()) === false) {
                return;
            }
            await this.orm.call("helpdesk.ticket", "log_time", [
                [this.props.ticketId],
                this.state.text,
            ]);
            this.state.text = "";
        } catch (error) {
            if (!SAID_TO_USER.includes(error.exceptionName)) {
                throw error;
            }
            this.state.problem = error.data.message;
            return;
        } finally {
            this.state.isBusy = false;
        }
        this.notification.add(_t("Time logged"), { type: "success" });
        await this.props.onLogged();
    }
}
