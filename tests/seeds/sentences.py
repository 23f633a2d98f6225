"""What the seeds say of exports and imports, sentence by sentence."""

from typing import Final

SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "000": (
        "Initiate request by specifying a Segment Group name.",
        "You can optionally pass lastdatetime to retrieve data for a specific period.",
        "You can also specify MatchCriteria to retrieve data for specific profiles.",
        "ProfileID, AlternateID, EmailAddress, and PhoneNumber are the supported match criteria.",
        (
            "When MatchCriteria is provided in a request, it is merged with the segment group's predefined criteria to produce an output dataset"
            " that meets the segment group configuration while including only the specified profiles."
        ),
        "If MatchCriteria is not supplied, the API returns all profiles that match the search criteria defined in the segment group.",
        "The MatchType parameter is required when MatchCriteria is set to AlternateId, ensuring precise identifier resolution.",
        "For ProfileID, EmailAddress, and PhoneNumber, MatchType is optional.",
        "When provided, it filters the results to include only profiles that match the specified type.",
        "If omitted, the API processes the request based solely on the Values specified in the request.",
        "When EmailAddress or PhoneNumber is used as the MatchCriteria, the MatchType can be a corresponding email or phone type.",
        (
            "In this case, the returned data is filtered by the segment group criteria but includes only the profiles from your request that also"
            " contain the specified email address or phone number."
        ),
        "When ProfileID is used as the MatchCriteria, MatchType can be a customer type.",
        (
            "In this case, the returned data is filtered based on the segment group criteria, including only the requested profiles that match the"
            " given customer type."
        ),
        "This is your organization's MyPreferences account Id.",
        "A 404 is returned if this value is invalid.",
        "Name of the MyPreferences segment group to export.",
        "Starting datetime to retrieve the updates.",
        "The LastDateTime support values up to the millisecond.",
        "The millisecond value will always be rounded to the nearest boundary to avoid records being skipped.",
        "For example, 000 through 002 becomes 003, 003 through 006 becomes 007, and 007 through 009 becomes 000 of the next higher value.",
        (
            "An optional parameter that allows you to restrict profiles that are returned by matching on specific identifiers such as Profile ID,"
            " Alternate ID, Email Address or Phone Number."
        ),
        "Filters the output dataset to only include profiles that match the specified MatchType.",
        "Required when MatchCriteria is AlternateId; otherwise, optional.",
        "Provide a collection of values that corresponds to your selected match criteria.",
        "For example, if you have chosen ProfileID as your match criteria, specify one or more profile IDs.",
        "Secure token returned by the Initiate call, required as a URL parameter in all subsequent API requests.",
    ),
    "001": (
        (
            "The Bulk Export API allows you to retrieve data defined in your data segments to establish near real-time integrations between"
            " MyPreferences and other systems, support audience-building use cases, or build an internal service that receives updates at specific"
            " intervals."
        ),
        (
            "In addition to retrieving data from segments in full, incremental access is also available by including"
            ' "lastdatetime" when initiating the request.'
        ),
        (
            "The MyPreferences Import Bulk API allows you to import large sets of zero-party data, including customer profile data, preferences"
            " and consents within MyPreferences."
        ),
        "It enables you to establish periodical imports to sync MyPreferences with customer data captured in other applications.",
        "Initiate: Request to initiate an import",
        "Stage: Stage data that you want to import using the access token.",
        "Depending on the size of your request, you may make multiple requests to stage your entire dataset to import",
        "Execute: Once all the data is staged, request to execute the import",
        "Status: Check the status of your import by polling the Status endpoint using the status token",
        "Retrieve (optional): Retrieve any validation failures and exceptions using the Exceptions endpoint.",
    ),
    "002": (
        "Request profile in segment event export.",
        (
            "The export can be requested for specific segment or based on event dates and the data can include attributes, tags, events and topic"
            " state."
        ),
        (
            "When segment_filter request parameter is provided, only the profiles from the selected segment are exported, otherwise the export file"
            " contains all profiles on the account."
        ),
        "Only the attributes, tags and events explicitly declared in the corresponding request parameters are exported.",
        (
            "Even though you're only interested in events, you still need to request at least one attribute or tag for the profiles to even show up"
            " in the export file."
        ),
        "For events use start_at (mandatory) and end_at parameters to specify the time period for the exported events.",
        "When end_at is not provided in a request, it is defaulted to one week after start_at.",
        "Once executed successfully, this endpoint returns a poll URL that is valid for 1 day.",
        "Call this URL repeatedly with exponential back-off using the same authentication token as for the other APSIS One API calls.",
        "Until the result is ready, you will keep getting HTTP 404 Not Found response status code.",
        "As soon as the export file is ready, the poll URL returns HTTP 200 OK and starts streaming a export file as a response.",
        "The HTTP 410 Gone means that the file is no longer available or the ID used is invalid.",
        "In rare cases when the export processing has failed, calling the poll URL returns HTTP 503 Service Unavailable.",
        "If that happens, please request a new export with the POST endpoint.",
        "By default the export file is an uncompressed JSON so your code should treat it as .json.",
        "If you prefer a compressed export, provide Accept-Encoding: gzip request header when calling the poll URL.",
        "The response will then contain Content-Encoding: gzip header and you will be able to handle the file as .json.gz.",
        "You can download the same export multiple times using the same poll URL with or without compression.",
        "The export file is in the JSON format.",
        "On the top level there is a JSON dictionary with profiles.",
        "The keys in this dictionary are profile export keys.",
        "For each profile, export file contains sections JSON dictionary.",
        "The keys in this dictionary are section IDs.",
        'Use "Get sections" endpoint of this API to map these IDs to the specific section definitions.',
        "Each section contains both, attributes and tags, inside the attributes JSON dictionary.",
        "The keys in this dictionary are IDs of the attributes and tags.",
        'Use "Get attributes" and "Get tags" endpoints of this API to map these IDs to the specific attribute and tag definitions.',
        "The objects in this dictionary have the following properties: value",
        "The data type of this property depends on the attribute type.",
        (
            "For tags the value is always null and the sheer fact that the attribute exists in the export file means that the corresponding profile"
            " was tagged with this particular tag."
        ),
        "If any event type has been requested for a specified section, the corresponding section object also contains events JSON array.",
        (
            "Each object in this array represents a single event and contains the following information: correlationId, sourceEventTime, typeId,"
            " createdAt, data"
        ),
        "ID for the event assigned by the event source (Email Tool).",
        "The same correlationId value may be repeated if the event has been sent multiple times due to a retry logic.",
        "Time of the event in milliseconds since Unix epoch reported by the event source.",
        "This feature was introduced at the beginning of 2020 so events prior to that may have event_time equal to 0.",
        "The value of 0 is also possible when the event source did not specify the event time.",
        'Event version ID. Use "Get events" endpoint of the API to map these IDs to the specific event definitions.',
        "Time of the event in milliseconds since Unix epoch as seen on Audience server when it received the event.",
        'Data specific to a particular event type as defined by "Get events" endpoint of the API',
        "Maximum export time window for events is three months. Validated when requesting an export.",
        "The export file can include up to 75 attributes and 25 tags. Validated when requesting an export.",
        "Pending export count limit. If reached, HTTP 429 Too Many Requests is returned.",
        "Maximum file size limit.",
        (
            "If you request an export with very large data set, i.e. many attributes or large time window that results in many events, you may"
            " receive a status of error when attempting to request or download an export."
        ),
        "You can then retry the export request aiming at a smaller data subset.",
        "Usually the errors in processing are caused by:",
        "using too complex segments",
        "providing too many attributes and/or tags",
        "providing too many event types",
    ),
    "003": (
        "Retrieve contacts (including custom field values) within one or more segments.",
        "System runs asynchronously in the background to allow retrieving payloads for larger segments.",
        "User has option of receiving notification of call completion and a link to download the JSON file either via email or by webhook.",
        "Unique token assigned to Pinpointe account",
        "ID of segments(s) to be searched. At least one required.",
        "Select from the options provided to search for contacts with that status.",
        "any|active|inactive|bounced|unsubscribed",
        (
            "PieSync requirement: Setting this element's value to true, 1 or yes results in the API call adding a list of all tags that a"
            " subscriber is in as part of the returned information for that subscriber."
        ),
        (
            "User may retrieve a contact's custom field values by specifying the name(s) of the custom fields to be be returned, or by entering"
            ' "all" as the parameter value.'
        ),
        "required: email or webhook",
        "required: email-address or webhook-url",
        (
            "Method by which user wishes to be notified that the call has completed processing and what the link to the JSON file is: either"
            ' "email" or "webhook"'
        ),
        "If user selects notification via email, they must provide a valid email address which will receive the email notification.",
        (
            "If user selects notification via webhook, they must provide a valid webhook URL to receive the payload, including the link to the JSON"
            " file."
        ),
        "Will return SUCCESS if user was successfully added",
        (
            "Includes sub-element count (the number of subscribers being returned); and subscribers, a list of email addresses and the respective"
            " data for each subscriber."
        ),
        "Will return ERROR if unsuccessful",
        "Text explaining why request failed",
    ),
}
"""Sentences by seed, in order; each stands in the docstring of a test that shows it."""
