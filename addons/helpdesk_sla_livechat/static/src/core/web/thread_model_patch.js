import { Thread } from "@mail/core/common/thread_model";

import { patch } from "@web/core/utils/patch";

patch(Thread.prototype, {
    setup() {
        super.setup();
        /** @type {number|false|undefined} */
        this.helpdesk_ticket_id = undefined;
        /** @type {string|false|undefined} */
        this.helpdesk_ticket_ref = undefined;
    },
});
