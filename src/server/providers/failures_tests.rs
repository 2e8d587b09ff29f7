//! What the refusals on record mean for a job, and what the user reads of them.

#![expect(clippy::unwrap_used)]

use super::*;
use crate::server::providers::sample_answers::{KEY, answer, failures, with_header};

const OPENAI_RATE: &str = r#"{"error":{"message":"Rate limit reached for sora-2 on requests per min (RPM): Limit 25, Used 25, Requested 1. Please try again in 6s.","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
const OPENAI_CREDIT: &str = r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
const OPENAI_KEY: &str = r#"{"error":{"message":"Incorrect API key provided: sk-bad***********key. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
const OPENAI_SIZE: &str = r#"{"error":{"message":"Inpaint image must match the requested width and height","type":"invalid_request_error","param":null,"code":null}}"#;
const OPENAI_RETIRED: &str = r#"{"error":{"message":"The model 'sora-2' does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#;
const OMNI_BLOCKED: &str = r#"{"error":{"code":"invalid_request","message":"Request blocked due to safety policy."}}"#;
const OMNI_RATE: &str =
    r#"{"error":{"code":"rate_limit_exceeded","message":"You have exceeded your requests-per-minute limit. Please wait and try again."}}"#;
const OMNI_DAILY: &str =
    r#"{"error":{"code":"quota_exceeded","message":"You exceeded your current quota, please check your plan and billing details."}}"#;
const OMNI_KEY: &str = r#"{"error":{"code":"authentication","message":"API key not valid. Please pass a valid API key."}}"#;
const GOOGLE_KEY: &str = r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}]}}]"#;
const OMNI_DURATION: &str = r#"{"error":{"code":"invalid_request","message":"Invalid value at 'response_format.duration': expected a duration string such as '6s'."}}"#;
const OMNI_RETIRED: &str = r#"{"error":{"code":"model_not_found","message":"models/gemini-omni-flash-preview is no longer available. Please update your code to use a newer model."}}"#;
const OMNI_GONE: &str = r#"{"error":{"message":"Invalid interaction name: interactions/gone","code":"invalid_request"}}"#;
const VEO_RATE: &str = r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#;
const VEO_RETIRED: &str = r#"{"error":{"code":404,"message":"This model models/veo-3.1-generate-preview is no longer available. Please update your code to use a newer model.","status":"NOT_FOUND"}}"#;
const XAI_KEY: &str = r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai."}"#;
const XAI_RATE: &str = r#"{"error":{"message":"Too many requests","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#;
const XAI_CREDIT: &str = r#"{"code":"The caller does not have permission to execute the specified operation","error":"Your newly created team doesn't have any credits yet. You can purchase those on https://console.x.ai."}"#;
const PAGE: &str = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>";

fn class(provider: Provider, call: Call, status: u16, body: &str) -> ProviderClass {
    failures(provider).refused(call, &answer(status, body)).class
}

#[test]
fn a_refused_paid_request_means_what_the_table_says() {
    use Provider::{Google, OpenAi, Xai};
    use ProviderClass::{BadKey, Busy, ModelRetired, Moderated, NoCredit, Rejected, Unknown};
    for (provider, status, body, expected) in [
        (OpenAi, 429, OPENAI_RATE, Busy(None)),
        (OpenAi, 429, OPENAI_CREDIT, NoCredit),
        (OpenAi, 401, OPENAI_KEY, BadKey),
        (OpenAi, 400, OPENAI_SIZE, Rejected),
        (OpenAi, 404, OPENAI_RETIRED, ModelRetired),
        (OpenAi, 404, r#"{"detail":"Not Found"}"#, Rejected),
        (OpenAi, 422, r#"{"detail":[{"msg":"Field required"}]}"#, Rejected),
        (OpenAi, 403, PAGE, Rejected),
        (OpenAi, 307, "", Rejected),
        (OpenAi, 303, "", Unknown),
        (OpenAi, 408, "", Unknown),
        (OpenAi, 409, "", Unknown),
        (OpenAi, 500, PAGE, Unknown),
        (OpenAi, 503, r#"{"error":{"message":"slow down","code":"server_is_overloaded"}}"#, Unknown),
        (Google, 400, OMNI_BLOCKED, Moderated),
        (Google, 429, OMNI_RATE, Busy(None)),
        (Google, 429, OMNI_DAILY, NoCredit),
        (Google, 402, r#"{"error":{"code":"payment_required","message":"x"}}"#, NoCredit),
        (Google, 401, OMNI_KEY, BadKey),
        (Google, 400, GOOGLE_KEY, BadKey),
        (Google, 400, OMNI_DURATION, Rejected),
        (Google, 404, OMNI_RETIRED, ModelRetired),
        (Google, 429, VEO_RATE, Busy(Some(Duration::from_secs(34)))),
        (Google, 404, VEO_RETIRED, ModelRetired),
        (Xai, 400, XAI_KEY, BadKey),
        (Xai, 429, XAI_RATE, Busy(None)),
        (Xai, 403, XAI_CREDIT, NoCredit),
    ] {
        assert_eq!(class(provider, Call::Create, status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_job_is_given_up_only_where_the_provider_says_that_it_is_gone() {
    use ProviderClass::{BadKey, Expired, NotKnown, Transient};
    let multiple = r#"{"error":{"code":400,"message":"Multiple authentication credentials received. Please pass only one."}}"#;
    for (status, body, expected) in [
        (404, r#"{"error":{"message":"No video"}}"#, NotKnown),
        (410, "", Expired),
        (400, OMNI_GONE, NotKnown),
        (401, OPENAI_KEY, BadKey),
        (403, r#"{"error":"forbidden"}"#, BadKey),
        (400, GOOGLE_KEY, BadKey),
        (400, multiple, Transient(None)),
        (403, multiple, Transient(None)),
        (400, OMNI_DURATION, Transient(None)),
        (404, PAGE, Transient(None)),
        (403, PAGE, Transient(None)),
        (302, "", Transient(None)),
        (408, "", Transient(None)),
        (409, "", Transient(None)),
        (429, VEO_RATE, Transient(Some(Duration::from_secs(34)))),
        (502, PAGE, Transient(None)),
    ] {
        assert_eq!(class(Provider::Google, Call::Poll, status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_clip_is_gone_where_its_address_says_so_or_a_signed_one_has_run_out() {
    use ProviderClass::{BadKey, Expired, Transient};
    let gone = r#"{"error":{"message":"You do not have permission to access the File x or it may not exist.","code":403}}"#;
    for (status, body, with_key, expected) in [
        (404, "", true, Expired),
        (410, PAGE, false, Expired),
        (403, "<Error><Code>AccessDenied</Code></Error>", false, Expired),
        (403, gone, true, Expired),
        (401, OPENAI_KEY, true, BadKey),
        (500, "", true, Transient(None)),
    ] {
        assert_eq!(class(Provider::OpenAi, Call::Download { with_key }, status, body), expected, "{status} {body}");
    }
}

#[test]
fn the_user_reads_what_to_do_and_no_key() {
    let read = |provider, status, body: &str| failures(provider).refused(Call::Create, &answer(status, body));
    let key = read(Provider::OpenAi, 401, OPENAI_KEY);
    assert!(key.message.contains("OPENAI_API_KEY") && !key.message.contains("sk-bad"), "{}", key.message);
    assert!(!key.raw.unwrap_or_default().contains("sk-bad"));
    assert!(read(Provider::Google, 400, GOOGLE_KEY).message.contains("GEMINI_API_KEY"));
    assert!(read(Provider::Xai, 400, XAI_KEY).message.contains("XAI_API_KEY"));
    assert!(read(Provider::Google, 400, OMNI_BLOCKED).message.contains("Request blocked due to safety policy."));
    assert!(read(Provider::Google, 429, VEO_RATE).message.contains("34 s"));
    assert!(read(Provider::Google, 429, OMNI_DAILY).message.contains("today"));
    assert!(read(Provider::OpenAi, 404, r#"{"detail":"Not Found"}"#).message.contains("OPENAI_BASE_URL"));
    assert!(read(Provider::OpenAi, 502, PAGE).message.contains("not sent again"));
    let echoed = read(Provider::OpenAi, 400, &format!(r#"{{"error":"You sent {KEY}"}}"#));
    assert!(!format!("{echoed:?}").contains(KEY), "{echoed:?}");
}

#[test]
fn a_rate_limit_carries_the_wait_of_its_headers() {
    let limited = with_header(answer(429, OPENAI_RATE), "retry-after", "6");
    let error = failures(Provider::OpenAi).refused(Call::Create, &limited);
    assert_eq!(error.class, ProviderClass::Busy(Some(Duration::from_secs(6))));
    assert!(error.message.contains("6 s"), "{}", error.message);
    let stopped = with_header(answer(429, OPENAI_RATE), "x-should-retry", "false");
    assert_eq!(failures(Provider::OpenAi).refused(Call::Create, &stopped).class, ProviderClass::NoCredit);
}

#[test]
fn without_an_answer_only_what_was_never_sent_is_known() {
    let class = |call, broken: &Broken| failures(Provider::Xai).broken(call, broken).class;
    assert_eq!(class(Call::Create, &Broken::NotReached("refused".into())), ProviderClass::NotReached);
    assert_eq!(class(Call::Create, &Broken::Unsendable("x".into())), ProviderClass::Rejected);
    for broken in [Broken::TimedOut, Broken::Lost("reset".into()), Broken::TooLong(1), Broken::NotSpooled("full".into())] {
        assert_eq!(class(Call::Create, &broken), ProviderClass::Unknown);
        assert_eq!(class(Call::Poll, &broken), ProviderClass::Transient(None));
    }
    assert_eq!(class(Call::Poll, &Broken::NotReached("refused".into())), ProviderClass::Transient(None));
}

#[test]
fn a_success_that_names_no_job_is_of_an_unknown_outcome() {
    let created = |body: &str| failures(Provider::Xai).created(&answer(200, body), |json| json["id"].as_str().map(str::to_owned));
    assert_eq!(created(r#"{"id":"a"}"#).unwrap().job, "a");
    for body in ["", PAGE, "{}", r#"{"id":null}"#, r#"{"message":"Queued"}"#] {
        let error = created(body).unwrap_err();
        assert_eq!(error.class, ProviderClass::Unknown, "{body}");
        assert!(error.message.contains("not sent again"));
    }
    assert!(created(r#"{"message":"Queued"}"#).unwrap_err().message.contains("Queued."));
}

#[test]
fn a_success_that_tells_of_an_error_instead_of_a_job_is_a_refusal() {
    let refused =
        |body: &str| failures(Provider::OpenAi).created(&answer(200, body), |json| json["id"].as_str().map(str::to_owned)).unwrap_err();
    for (body, class) in [
        (r#"{"error":{"message":"Insufficient credits","code":"insufficient_quota"}}"#, ProviderClass::NoCredit),
        (r#"{"error":{"message":"Incorrect API key provided"}}"#, ProviderClass::BadKey),
        (r#"{"code":"content_policy_violation","message":"No."}"#, ProviderClass::Moderated),
        (r#"{"success":false,"message":"No."}"#, ProviderClass::Rejected),
    ] {
        let error = refused(body);
        assert_eq!(error.class, class, "{body}");
        assert!(error.raw.is_some(), "the answer is kept");
    }
}
