"""Bookings: meetings written into members' calendars, each exactly once (promise P3).

1. A booking is one row, written before anything else; it says what a process is doing about it and until when nobody
   else does. Before that row, a message is sent that comes when that time is over and settles what was cut short.
2. The time is held next, in the agenda of every host, by compare-and-swap: of two bookings that overlap one gets in.
3. Then Outlook is read: what it shows at that time, and did not when times were offered, wins over the booking.
4. Only then is anything written, with a transaction that makes one event however often it is repeated, and that it
   can be found by. With several hosts the one who invites comes last: nobody is invited to what may be undone.
5. What cannot be finished is taken back: by the one who failed, or by the message where the process died.
6. What is certain is kept and answered; where it is not certain what Outlook did, the caller is told to repeat.
7. What people do to the event in Outlook is noticed by the normal reads, kept, and told to the platform.
"""
