import { LivechatButton } from "@im_livechat/embed/common/livechat_button";
import { Store } from "@mail/core/common/store_service";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { url } from "@web/core/utils/urls";

const OFFER_CLOSED_KEY = "helpdesk_sla_livechat.offer_closed";

patch(Store.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {{title: string, text: string, url: string}|false} */
        this.helpdesk_offer = false;
    },
});

patch(LivechatButton.prototype, {
    setup() {
        super.setup(...arguments);
        this.state.isOfferClosed = Boolean(browser.sessionStorage.getItem(OFFER_CLOSED_KEY));
    },
    /** What is offered where there is nobody to chat with. */
    get helpdeskOffer() {
        return !this.isShown && this.store.activeLivechats.length === 0
            ? this.store.helpdesk_offer
            : false;
    },
    get helpdeskOfferUrl() {
        const target = this.helpdeskOffer.url;
        return target.startsWith("/") ? url(target) : target;
    },
    get closeOfferLabel() {
        return _t("Close");
    },
    onClickCloseOffer() {
        this.state.isOfferClosed = true;
        browser.sessionStorage.setItem(OFFER_CLOSED_KEY, "1");
    },
});
