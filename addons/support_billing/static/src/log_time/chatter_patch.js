import { Chatter } from "@mail/chatter/web_portal/chatter";
import { patch } from "@web/core/utils/patch";
import { LogTimeLine } from "./log_time_line";

Object.assign(Chatter.components, { LogTimeLine });

patch(Chatter.prototype, {
    setup() {
        super.setup();
        this.state.isLoggingTime = false;
    },

    /** Time is logged on saved tickets of teams that log time, by who can. */
    get canLogTime() {
        const data = this.props.record?.data;
        return Boolean(
            this.props.threadModel === "helpdesk.ticket" &&
                this.props.threadId &&
                data?.use_helpdesk_timesheet &&
                data.can_log_time
        );
    },

    toggleLogTime() {
        this.state.isLoggingTime = !this.state.isLoggingTime;
    },

    async saveBeforeLogTime() {
        return await this.props.saveRecord?.();
    },

    async onTimeLogged() {
        this.state.isLoggingTime = false;
        await this.props.record.load();
    },
});
